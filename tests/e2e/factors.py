# SPDX-License-Identifier: GPL-3.0-or-later
"""An OpenSSH server that asks for a password and then for a code that is good for once, as one with
a second factor does. PAM decides, by a stack of the test's own (pam_wrapper), so that it takes no
root and no account."""

import contextlib
import glob
import os
import pathlib
import pwd
import shutil

import fixture

LIBRARIES = "/usr/lib/*/", "/lib/*/", "/usr/lib64/"
STACK = """auth required {matrix} passdb={passwords}
auth required {codes} secret={secret} user={user} [authtok_prompt=One-time code: ]
account required pam_permit.so
session required pam_permit.so
password required pam_deny.so
"""


def find(name):
    """The path of a library or PAM module."""
    found = [path for folder in LIBRARIES for path in glob.glob(folder + name)]
    fixture.require(found, "pam", f"there is no {os.path.basename(name)}")
    return found[0]


class TwoFactorServer(fixture.Server):
    """Lets in the user who runs the test by @password and then the next of @codes."""

    password = "barley sugar"
    codes = [f"{number:08}" for number in range(12345670, 12345680)]

    def __init__(self, test, **options):
        self.wrapper = find("libpam_wrapper.so")
        self.folder = test.dir / "pam"
        self.folder.mkdir()
        user = pwd.getpwuid(os.geteuid()).pw_name
        passwords = test.dir / "passwords"
        passwords.write_text(f"{user}:{self.password}:sshd\n")
        secret = test.dir / "codes"
        secret.write_text("\n".join(["JBSWY3DPEHPK3PXPJBSWY3DPEH", '" TOTP_AUTH', *self.codes, ""]))
        secret.chmod(0o600)
        self.stack = STACK.format(matrix=find("pam_wrapper/pam_matrix.so"), passwords=passwords,
                                  codes=find("security/pam_google_authenticator.so"),
                                  secret=secret, user=user)
        (self.folder / "sshd").write_text(self.stack)
        test.defer(self._remove_copies)
        super().__init__(test, kbdint=True, **options)

    def environment(self):
        return {**os.environ, "LD_PRELOAD": self.wrapper, "PAM_WRAPPER": "1",
                "PAM_WRAPPER_SERVICE_DIR": str(self.folder)}

    def _remove_copies(self):
        """Of the stack, which every process that was killed left behind."""
        for name in glob.glob("/tmp/pam.?/sshd"):
            path = pathlib.Path(name)
            with contextlib.suppress(OSError):  # somebody else's, gone just now
                if path.read_text() == self.stack:
                    shutil.rmtree(path.parent)

# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for pisync-cli(1)

_pisync_cli ()
{
  local cur prev words cword split
  _init_completion -s || return

  local commands='setup sync run status pause resume sync-now log versions restore trust
    install-key check forget-state'
  local options='--config --state --password-file --json --verbose --debug --quiet --version --help'
  local command='' word i

  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    case $word in
      --config | --state | --password-file) ((i++)) ;;
      -*) ;;
      *)
        command=$word
        break
        ;;
    esac
  done

  case $prev in
    --config)
      _filedir ini
      return
      ;;
    --state | --local)
      _filedir -d
      return
      ;;
    --password-file | --keyfile)
      _filedir
      return
      ;;
    --host)
      _known_hosts_real -- "$cur"
      return
      ;;
    --auth)
      mapfile -t COMPREPLY < <(compgen -W 'publickey password agent' -- "$cur")
      return
      ;;
    --for)
      mapfile -t COMPREPLY < <(compgen -W '15m 30m 1h 2h 8h 1d' -- "$cur")
      return
      ;;
    --port | --user | --remote | --device | --fingerprint | --lines | -n)
      [[ $prev == -n && $command != log ]] || return
      ;;
  esac
  $split && return

  case $command in
    '')
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
      else
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
      fi
      return
      ;;
    setup)
      options+=' --host --port --user --auth --keyfile --remote --local --device --fingerprint
        --import --rebind --force'
      ;;
    sync) options+=' --dry-run --allow-deletes --accept-restored-server --full' ;;
    pause) options+=' --for' ;;
    log) options+=' --follow --lines' ;;
    restore) options+=' --version --to' ;;
    trust) options+=' --fingerprint' ;;
    forget-state) options+=' --yes' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
} && complete -F _pisync_cli pisync-cli

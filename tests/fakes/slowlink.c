/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slowlink: a TCP proxy on the loopback interface that delays, throttles and breaks what goes
 * through it. Prints "listening PORT" once it accepts. Ends with its parent.
 *
 * Every direction of a connection is a queue of blocks, each with the moment at which it may be
 * delivered: arrival, plus the time that the blocks before it need at the set rate, plus the delay.
 * It cannot imitate TCP's own slow start or losses. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_SIZE (256 * 1024)
#define MAX_EVENTS 64
#define MAX_FREE_BLOCKS 64
#define DEFAULT_QUEUE (256u << 20) /* bytes that may wait in a direction without a rate */
#define NS INT64_C (1000000000)

typedef struct Block Block;
struct Block
{
  Block *next;
  int64_t due; /* may be delivered from then on */
  size_t start, end;
  char data[BLOCK_SIZE];
};

/* What is to be done to the bytes of one direction. */
typedef struct
{
  double rate;   /* bytes/s, 0 = none */
  uint64_t cut;  /* cut the connection after so many bytes, 0 = never */
  uint64_t flip; /* number, from 1, of the byte that is damaged; 0 = none */
} Ways;

typedef struct Connection Connection;

typedef struct
{
  Connection *conn;
  const Ways *ways;
  int from, to;
  Block *head, *tail;
  size_t queued;
  uint64_t taken;    /* bytes read */
  uint64_t passed;   /* bytes delivered (or swallowed) */
  int64_t line_free; /* when the throttled line has sent all that was taken */
  bool eof;          /* nothing more to read */
  bool ended;        /* the end was passed on */
  bool to_full;      /* wait until the receiver takes more */
} Pipe;

struct Connection
{
  Connection *next;
  Pipe up, down; /* client to server, server to client */
  int client, server;
  uint32_t client_mask, server_mask;
  int64_t start;
  bool connecting;
  bool faulty; /* among the first -n: cuts, stalls, holes and flips apply */
  bool dead;
};

static struct
{
  int listen_port;
  struct sockaddr_storage target;
  socklen_t target_length;
  Ways up, down;
  int64_t delay, jitter, cut_time, stall_at, stall_length;
  size_t queue;
  uint64_t hole; /* swallow everything after so many bytes, both directions counted together */
  long faulty_connections;
  bool fin, refuse, split, verbose;
} opt = { .faulty_connections = -1 };

static struct
{
  int epoll, listener, signals;
  Connection *connections;
  long accepted;
  uint64_t total_up, total_down;
  Block *free_blocks;
  unsigned n_free;
  uint32_t seed;
} state = { .seed = 1 };

static int64_t
now_ns (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * NS + ts.tv_nsec;
}

static void
die (const char *what)
{
  fprintf (stderr, "slowlink: %s: %s\n", what, strerror (errno));
  exit (1);
}

static void
usage (const char *why)
{
  fprintf (
      stderr,
      "slowlink: %s\n"
      "slowlink -l PORT -c HOST:PORT\n"
      "  -d MS one-way delay    -j MS jitter    -u/-r RATE client to server / back:\n"
      "  bytes/s with k m g, bits/s with K M G    -q BYTES queue a direction\n"
      "  -x/-X BYTES cut after that many up / down    -t SECONDS cut after that time\n"
      "  -f cut by FIN, not RST    -s AT:LENGTH stall (seconds)    -S BYTES swallow all after\n"
      "  -n N only the first N connections are hurt    -k refuse at first    -v\n"
      "  --split deliver in tiny pieces    --flip N / --flip-up N damage byte N down / up\n"
      "SIGUSR1 toggles refusing and cuts all; SIGUSR2 prints the totals.\n",
      why);
  exit (2);
}

static uint32_t
random_below (uint32_t n)
{
  state.seed = state.seed * 1664525u + 1013904223u;
  return (state.seed >> 8) % n;
}

static Block *
block_new (void)
{
  Block *block = state.free_blocks;

  if (block == NULL)
    block = malloc (sizeof *block);
  else
    {
      state.free_blocks = block->next;
      state.n_free--;
    }
  if (block == NULL)
    die ("malloc");
  block->next = NULL;
  return block;
}

static void
block_free (Block *block)
{
  if (state.n_free >= MAX_FREE_BLOCKS)
    {
      free (block);
      return;
    }
  block->next = state.free_blocks;
  state.free_blocks = block;
  state.n_free++;
}

static void
pipe_clear (Pipe *pipe)
{
  while (pipe->head != NULL)
    {
      Block *block = pipe->head;

      pipe->head = block->next;
      block_free (block);
    }
  pipe->tail = NULL;
  pipe->queued = 0;
}

static void
connection_end (Connection *conn, bool reset, const char *why)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (conn->dead)
    return;
  if (opt.verbose)
    fprintf (stderr, "slowlink: end: %s (%" PRIu64 " up, %" PRIu64 " down)\n", why, conn->up.passed,
             conn->down.passed);
  if (reset && !opt.fin)
    {
      setsockopt (conn->client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
      setsockopt (conn->server, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
  close (conn->client);
  close (conn->server);
  pipe_clear (&conn->up);
  pipe_clear (&conn->down);
  conn->dead = true;
}

static size_t
queue_limit (const Pipe *pipe)
{
  double bytes;

  if (opt.queue != 0)
    return opt.queue;
  if (pipe->ways->rate == 0)
    return DEFAULT_QUEUE;
  bytes = pipe->ways->rate * ((double)opt.delay / NS + 0.1);
  return bytes < 4096 ? 4096 : (size_t)bytes;
}

/* How much to read at once: little on a slow line, so that it trickles. */
static size_t
read_size (const Pipe *pipe)
{
  size_t size = BLOCK_SIZE;

  if (pipe->ways->rate > 0 && pipe->ways->rate / 500 < size)
    size = (size_t)(pipe->ways->rate / 500);
  return size < 256 ? 256 : size;
}

/* Damages the byte that is to be damaged, if it is among those just read. */
static void
flip (const Pipe *pipe, Block *block)
{
  uint64_t at = pipe->ways->flip;

  if (!pipe->conn->faulty || at <= pipe->taken || at > pipe->taken + block->end)
    return;
  block->data[at - pipe->taken - 1] ^= 0x10;
}

static void
append (Pipe *pipe, Block *block, int64_t now)
{
  int64_t sent = now;

  if (pipe->ways->rate > 0)
    {
      sent = (pipe->line_free > now ? pipe->line_free : now)
             + (int64_t)((double)block->end / pipe->ways->rate * NS);
      pipe->line_free = sent;
    }
  block->due = sent + opt.delay;
  if (opt.jitter > 0)
    block->due += random_below ((uint32_t)(opt.jitter / 1000)) * INT64_C (1000);
  if (pipe->tail != NULL && block->due < pipe->tail->due)
    block->due = pipe->tail->due; /* TCP keeps the order */
  flip (pipe, block);
  pipe->taken += block->end;
  pipe->queued += block->end;
  if (pipe->tail != NULL)
    pipe->tail->next = block;
  else
    pipe->head = block;
  pipe->tail = block;
}

/* Reads what has come. */
static void
pipe_take (Pipe *pipe, int64_t now)
{
  while (!pipe->eof && pipe->queued < queue_limit (pipe))
    {
      Block *block = block_new ();
      ssize_t n = recv (pipe->from, block->data, read_size (pipe), 0);

      if (n > 0)
        {
          block->start = 0;
          block->end = (size_t)n;
          append (pipe, block, now);
          if (opt.delay == 0 && pipe->ways->rate == 0)
            return; /* pass it on while it is in the cache */
          continue;
        }
      block_free (block);
      if (n == 0)
        pipe->eof = true;
      else if (errno != EAGAIN && errno != EINTR)
        connection_end (pipe->conn, true, "closed by a side");
      return;
    }
}

static bool
in_hole (const Connection *conn)
{
  return opt.hole != 0 && conn->faulty && conn->up.passed + conn->down.passed >= opt.hole;
}

/* How many bytes of the block may go at once. */
static size_t
piece_size (const Pipe *pipe, const Block *block)
{
  size_t size = block->end - block->start;
  const Connection *conn = pipe->conn;

  if (opt.split && size > 8)
    size = 1 + random_below (8);
  if (!conn->faulty)
    return size;
  if (pipe->ways->cut != 0 && size > pipe->ways->cut - pipe->passed)
    size = pipe->ways->cut - pipe->passed;
  if (opt.hole != 0 && !in_hole (conn) && size > opt.hole - conn->up.passed - conn->down.passed)
    size = opt.hole - conn->up.passed - conn->down.passed;
  return size;
}

static void
passed (Pipe *pipe, size_t n)
{
  Block *block = pipe->head;

  pipe->passed += n;
  pipe->queued -= n;
  *(pipe == &pipe->conn->up ? &state.total_up : &state.total_down) += n;
  block->start += n;
  if (block->start < block->end)
    return;
  pipe->head = block->next;
  if (pipe->head == NULL)
    pipe->tail = NULL;
  block_free (block);
}

/* Delivers the blocks whose time has come. */
static void
pipe_deliver (Pipe *pipe, int64_t now)
{
  Connection *conn = pipe->conn;

  pipe->to_full = false;
  while (!conn->dead && pipe->head != NULL && pipe->head->due <= now)
    {
      size_t size = piece_size (pipe, pipe->head);
      ssize_t n = (ssize_t)size;

      if (!in_hole (conn))
        n = send (pipe->to, pipe->head->data + pipe->head->start, size, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN)
        {
          pipe->to_full = true;
          return;
        }
      if (n < 0)
        {
          connection_end (conn, true, "closed by a side");
          return;
        }
      passed (pipe, (size_t)n);
      if (conn->faulty && pipe->ways->cut != 0 && pipe->passed >= pipe->ways->cut)
        connection_end (conn, true, "cut after bytes");
      if (opt.split && pipe->head != NULL)
        return; /* the receiver gets a chance to see this piece alone */
    }
  if (!conn->dead && pipe->eof && pipe->head == NULL && !pipe->ended && !in_hole (conn))
    {
      shutdown (pipe->to, SHUT_WR);
      pipe->ended = true;
    }
}

static bool
stalled (const Connection *conn, int64_t now)
{
  return opt.stall_length > 0 && conn->faulty && now >= conn->start + opt.stall_at
         && now < conn->start + opt.stall_at + opt.stall_length;
}

/* A descriptor of which nothing is wanted is taken out: epoll would report its end for ever. */
static void
watch (int fd, uint32_t *mask, uint32_t wanted, Connection *conn)
{
  struct epoll_event event = { .events = wanted, .data.ptr = conn };
  int how = wanted == 0 ? EPOLL_CTL_DEL : *mask == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

  if (*mask == wanted)
    return;
  *mask = wanted;
  if (epoll_ctl (state.epoll, how, fd, &event) != 0)
    die ("epoll_ctl");
}

static void
update_watches (Connection *conn, bool stall)
{
  uint32_t client = 0, server = 0;

  if (conn->connecting)
    server = EPOLLOUT;
  else if (!stall)
    {
      client |= !conn->up.eof && conn->up.queued < queue_limit (&conn->up) ? EPOLLIN : 0;
      server |= !conn->down.eof && conn->down.queued < queue_limit (&conn->down) ? EPOLLIN : 0;
      client |= conn->down.to_full ? EPOLLOUT : 0;
      server |= conn->up.to_full ? EPOLLOUT : 0;
    }
  watch (conn->client, &conn->client_mask, client, conn);
  watch (conn->server, &conn->server_mask, server, conn);
}

static void
finish_connecting (Connection *conn)
{
  int failure = 0;
  socklen_t length = sizeof failure;
  struct sockaddr_storage peer;
  socklen_t peer_length = sizeof peer;

  getsockopt (conn->server, SOL_SOCKET, SO_ERROR, &failure, &length);
  if (failure != 0)
    connection_end (conn, true, "cannot reach the target");
  else if (getpeername (conn->server, (struct sockaddr *)&peer, &peer_length) == 0)
    conn->connecting = false;
}

/* Does all that can be done for a connection now. */
static void
pump (Connection *conn, int64_t now)
{
  bool stall = stalled (conn, now);

  if (conn->connecting)
    finish_connecting (conn);
  if (!conn->dead && opt.cut_time > 0 && conn->faulty && now >= conn->start + opt.cut_time)
    connection_end (conn, true, "cut after time");
  if (!conn->dead && !conn->connecting && !stall)
    {
      pipe_take (&conn->up, now);
      if (!conn->dead)
        pipe_take (&conn->down, now);
      if (!conn->dead)
        pipe_deliver (&conn->up, now);
      if (!conn->dead)
        pipe_deliver (&conn->down, now);
      if (!conn->dead && conn->up.ended && conn->down.ended)
        connection_end (conn, false, "both sides ended");
    }
  if (!conn->dead)
    update_watches (conn, stall);
}

static void
sooner (int64_t *when, int64_t candidate)
{
  if (candidate < *when)
    *when = candidate;
}

/* The next moment at which something is to be done without anything happening. */
static int64_t
next_moment (int64_t now)
{
  int64_t when = INT64_MAX;

  for (const Connection *conn = state.connections; conn != NULL; conn = conn->next)
    {
      if (opt.cut_time > 0 && conn->faulty)
        sooner (&when, conn->start + opt.cut_time);
      if (stalled (conn, now))
        {
          sooner (&when, conn->start + opt.stall_at + opt.stall_length);
          continue;
        }
      if (opt.stall_length > 0 && conn->faulty && now < conn->start + opt.stall_at)
        sooner (&when, conn->start + opt.stall_at);
      if (conn->up.head != NULL && !conn->up.to_full && !conn->connecting)
        sooner (&when, conn->up.head->due);
      if (conn->down.head != NULL && !conn->down.to_full && !conn->connecting)
        sooner (&when, conn->down.head->due);
    }
  return when;
}

static void
init_pipe (Pipe *pipe, Connection *conn, const Ways *ways, int from, int to)
{
  pipe->conn = conn;
  pipe->ways = ways;
  pipe->from = from;
  pipe->to = to;
}

static void
add_connection (int client)
{
  Connection *conn = calloc (1, sizeof *conn);
  int yes = 1;

  if (conn == NULL)
    die ("calloc");
  conn->client = client;
  conn->server = socket (opt.target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (conn->server < 0)
    die ("socket");
  setsockopt (conn->client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt (conn->server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  conn->start = now_ns ();
  conn->faulty = opt.faulty_connections < 0 || state.accepted <= opt.faulty_connections;
  conn->connecting = true;
  init_pipe (&conn->up, conn, &opt.up, client, conn->server);
  init_pipe (&conn->down, conn, &opt.down, conn->server, client);
  connect (conn->server, (struct sockaddr *)&opt.target, opt.target_length);
  conn->next = state.connections;
  state.connections = conn;
}

static void
accept_connections (void)
{
  int client;

  while ((client = accept4 (state.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      struct linger linger = { .l_onoff = 1, .l_linger = 0 };

      if (opt.refuse)
        {
          setsockopt (client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
          close (client);
          continue;
        }
      state.accepted++;
      add_connection (client);
    }
}

static void
sweep (void)
{
  Connection **link = &state.connections;

  while (*link != NULL)
    {
      Connection *conn = *link;

      if (conn->dead)
        {
          *link = conn->next;
          free (conn);
        }
      else
        link = &conn->next;
    }
}

static void
handle_signal (void)
{
  struct signalfd_siginfo info;

  if (read (state.signals, &info, sizeof info) != sizeof info)
    return;
  if (info.ssi_signo == SIGUSR1)
    {
      opt.refuse = !opt.refuse;
      for (Connection *conn = state.connections; conn != NULL; conn = conn->next)
        connection_end (conn, true, "cut by signal");
    }
  else if (info.ssi_signo == SIGUSR2)
    {
      printf ("up %" PRIu64 " down %" PRIu64 " connections %ld\n", state.total_up, state.total_down,
              state.accepted);
      fflush (stdout);
    }
  else
    exit (0);
}

static void
run (void)
{
  struct epoll_event events[MAX_EVENTS];

  for (;;)
    {
      int64_t now = now_ns (), when = next_moment (now);
      int64_t wait = when > now ? when - now : 0;
      struct timespec ts = { .tv_sec = wait / NS, .tv_nsec = wait % NS };
      int n = epoll_pwait2 (state.epoll, events, MAX_EVENTS, when == INT64_MAX ? NULL : &ts, NULL);

      for (int i = 0; i < n; i++)
        if (events[i].data.ptr == &state.listener)
          accept_connections ();
        else if (events[i].data.ptr == &state.signals)
          handle_signal ();
      now = now_ns ();
      for (Connection *conn = state.connections; conn != NULL; conn = conn->next)
        if (!conn->dead)
          pump (conn, now);
      sweep ();
    }
}

static void
add_watch (int fd, void *tag)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

  if (epoll_ctl (state.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    die ("epoll_ctl");
}

static void
start_listening (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (opt.listen_port) };
  socklen_t length = sizeof address;
  int yes = 1;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  state.listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt (state.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind (state.listener, (struct sockaddr *)&address, length) != 0
      || listen (state.listener, 128) != 0)
    die ("listen");
  getsockname (state.listener, (struct sockaddr *)&address, &length);
  state.epoll = epoll_create1 (EPOLL_CLOEXEC);
  add_watch (state.listener, &state.listener);
  add_watch (state.signals, &state.signals);
  printf ("listening %d\n", ntohs (address.sin_port));
  fflush (stdout);
}

/* Dies with the program that started it. */
static void
follow_parent (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGUSR1);
  sigaddset (&set, SIGUSR2);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGINT);
  sigprocmask (SIG_BLOCK, &set, NULL);
  state.signals = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  if (getppid () == 1)
    exit (0);
}

static double
number (const char *text, char **rest)
{
  double value = strtod (text, rest);

  if (*rest == text || value < 0)
    usage ("a number is missing or wrong");
  return value;
}

/* Lower case is bytes and powers of 1024, upper case bits and powers of 1000. */
static double
parse_bytes (const char *text)
{
  static const char suffixes[] = "kmgKMG";
  static const double factors[] = { 1024., 1048576., 1073741824., 125., 125e3, 125e6 };
  char *rest;
  double value = number (text, &rest);
  const char *suffix = *rest != '\0' ? strchr (suffixes, *rest) : NULL;

  if (*rest != '\0' && (suffix == NULL || rest[1] != '\0'))
    usage ("unknown unit");
  return suffix != NULL ? value * factors[suffix - suffixes] : value;
}

static int64_t
parse_time (const char *text, double unit_ns)
{
  char *rest;

  return (int64_t)(number (text, &rest) * unit_ns);
}

static void
parse_target (const char *text)
{
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
  const char *colon = strrchr (text, ':');
  char host[256];

  if (colon == NULL || (size_t)(colon - text) >= sizeof host)
    usage ("-c HOST:PORT");
  memcpy (host, text, (size_t)(colon - text));
  host[colon - text] = '\0';
  if (getaddrinfo (host, colon + 1, &hints, &found) != 0)
    usage ("unknown target");
  memcpy (&opt.target, found->ai_addr, found->ai_addrlen);
  opt.target_length = found->ai_addrlen;
  freeaddrinfo (found);
}

static void
parse_stall (const char *text)
{
  const char *colon = strchr (text, ':');

  if (colon == NULL)
    usage ("-s AT:LENGTH");
  opt.stall_at = parse_time (text, NS);
  opt.stall_length = parse_time (colon + 1, NS);
}

static void
parse_option (int option)
{
  /* clang-format off */
  switch (option)
    {
    case 'l': opt.listen_port = atoi (optarg); break;
    case 'c': parse_target (optarg); break;
    case 'd': opt.delay = parse_time (optarg, 1e6); break;
    case 'j': opt.jitter = parse_time (optarg, 1e6); break;
    case 'u': opt.up.rate = parse_bytes (optarg); break;
    case 'r': opt.down.rate = parse_bytes (optarg); break;
    case 'q': opt.queue = (size_t)parse_bytes (optarg); break;
    case 'x': opt.up.cut = (uint64_t)parse_bytes (optarg); break;
    case 'X': opt.down.cut = (uint64_t)parse_bytes (optarg); break;
    case 't': opt.cut_time = parse_time (optarg, NS); break;
    case 'f': opt.fin = true; break;
    case 's': parse_stall (optarg); break;
    case 'S': opt.hole = (uint64_t)parse_bytes (optarg); break;
    case 'n': opt.faulty_connections = atol (optarg); break;
    case 'k': opt.refuse = true; break;
    case 'v': opt.verbose = true; break;
    case 1: opt.split = true; break;
    case 2: opt.down.flip = (uint64_t)parse_bytes (optarg); break;
    case 3: opt.up.flip = (uint64_t)parse_bytes (optarg); break;
    default: usage ("unknown option");
    }
  /* clang-format on */
}

int
main (int argc, char **argv)
{
  static const struct option names[] = { { "split", no_argument, NULL, 1 },
                                         { "flip", required_argument, NULL, 2 },
                                         { "flip-up", required_argument, NULL, 3 },
                                         { NULL, 0, NULL, 0 } };
  int option;

  while ((option = getopt_long (argc, argv, "l:c:d:j:u:r:q:x:X:t:fs:S:n:kv", names, NULL)) != -1)
    parse_option (option);
  if (opt.target_length == 0 || optind != argc)
    usage ("the target is missing");
  follow_parent ();
  start_listening ();
  run ();
}

// Preloaded into a daemon (LD_PRELOAD): disturbs its socket calls as a file says, which is mapped here and written by
// the test while the daemon runs. TROUPE_SOCKET_FAULTS names the file.
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>

namespace {

/// In the order of `kinds` in tests/e2e/support/socket-faults.mjs, as are the modes and the words.
enum class Kind : std::int64_t { accept, recv, send, connect, connected, setsockopt, shutdown, epoll_add, socket };
enum class Mode : std::int64_t { error, one_byte, interrupted, again };

using Word = std::atomic<std::int64_t>;
static_assert(Word::is_always_lock_free && sizeof(Word) == 8);

/// The file.
struct Control {
  /// The first call that is disturbed, counted from 1; 0: none is, and none is counted.
  Word first;
  Word times;
  Word mode;
  /// Which of the errors that a call may have.
  Word variant;
  /// Others do not count; -1: all do.
  Word only_kind;
  /// Sockets bound to this port are left alone.
  Word spared_port;
  Word seen;
  Word hits;
  Word hit_kind;
  Word hit_error;
};

Control* map_control() {
  const char* path = std::getenv("TROUPE_SOCKET_FAULTS");
  if (!path) return nullptr;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) std::abort();
  void* memory = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (memory == MAP_FAILED) std::abort();
  return static_cast<Control*>(memory);
}

Control* control() {
  static Control* const mapped = map_control();
  return mapped;
}

template <class Function>
Function* next(Function*, const char* name) {
  void* found = ::dlsym(RTLD_NEXT, name);
  if (!found) std::abort();
  return reinterpret_cast<Function*>(found);
}
/// The function that the daemon would have called.
#define NEXT(name)                                      \
  ([] {                                                 \
    static auto* const function = next(&::name, #name); \
    return function;                                    \
  }())

// -- which calls count -----------------------------------------------------------------------------------------

std::optional<int> local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return std::nullopt;
}

bool may_have(Kind kind, Mode mode) {
  switch (mode) {
    case Mode::error:
      return true;
    case Mode::one_byte:
      return kind == Kind::recv || kind == Kind::send;
    case Mode::interrupted:
    case Mode::again:
      return kind == Kind::accept || kind == Kind::recv || kind == Kind::send;
  }
  return false;
}

std::span<const int> errors_of(Kind kind) {
  static constexpr std::array kAccept{EMFILE, ECONNABORTED, ENOBUFS}, kRecv{ECONNRESET, ETIMEDOUT, ENOBUFS},
      kSend{EPIPE, ECONNRESET, ENOBUFS}, kConnect{ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL},
      kConnected{ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH}, kSetsockopt{EINVAL, ENOBUFS, ENOPROTOOPT},
      kShutdown{ENOTCONN, ENOTCONN, ENOBUFS}, kEpollAdd{ENOSPC, ENOMEM, ENOSPC}, kSocket{EMFILE, ENFILE, ENOBUFS};
  switch (kind) {
    case Kind::accept:
      return kAccept;
    case Kind::recv:
      return kRecv;
    case Kind::send:
      return kSend;
    case Kind::connect:
      return kConnect;
    case Kind::connected:
      return kConnected;
    case Kind::setsockopt:
      return kSetsockopt;
    case Kind::shutdown:
      return kShutdown;
    case Kind::epoll_add:
      return kEpollAdd;
    case Kind::socket:
      return kSocket;
  }
  return {};
}

bool ends_connection(int error) { return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT; }

/// What has to happen to this call, which is counted; nothing for most.
std::optional<Mode> fault(Kind kind, std::optional<int> fd) {
  Control* const c = control();
  if (!c) return std::nullopt;
  const auto first = c->first.load();
  const auto mode = static_cast<Mode>(c->mode.load());
  if (first == 0 || !may_have(kind, mode)) return std::nullopt;
  const auto only = c->only_kind.load();
  if (only >= 0 && only != static_cast<std::int64_t>(kind)) return std::nullopt;
  if (fd) {
    const auto port = local_port(*fd);
    if (!port || *port == c->spared_port.load()) return std::nullopt;
  }
  const auto number = ++c->seen;
  if (number < first || number - first >= c->times.load()) return std::nullopt;
  c->hit_kind = static_cast<std::int64_t>(kind);
  ++c->hits;
  return mode;
}

int failed(int error) {
  control()->hit_error = error;
  errno = error;
  return -1;
}

int error_of(Kind kind) {
  const auto errors = errors_of(kind);
  return errors[static_cast<std::size_t>(control()->variant.load()) % errors.size()];
}

// -- what the kernel would do besides ---------------------------------------------------------------------------

struct Registration {
  int epoll;
  epoll_event event;
};
std::mutex mutex;
std::unordered_map<int, Registration> registrations;

/// The socket is as ready as before the call, where a real one would have become ready later: says so again to an
/// epoll that tells of changes only.
void tell_again(int fd) {
  const std::lock_guard lock(mutex);
  const auto found = registrations.find(fd);
  if (found != registrations.end()) NEXT(epoll_ctl)(found->second.epoll, EPOLL_CTL_MOD, fd, &found->second.event);
}

/// `all` moves what it can, `one` a single byte.
template <class All, class One>
ssize_t transfer(Kind kind, int fd, All all, One one) {
  const auto mode = fault(kind, fd);
  if (!mode) return all();
  switch (*mode) {
    case Mode::error: {
      const int error = error_of(kind);
      if (ends_connection(error)) NEXT(shutdown)(fd, SHUT_RDWR);
      return failed(error);
    }
    case Mode::one_byte: {
      const ssize_t moved = one();
      const int error = errno;
      tell_again(fd);
      errno = error;
      return moved;
    }
    case Mode::interrupted:
      return failed(EINTR);
    case Mode::again:
      tell_again(fd);
      return failed(EAGAIN);
  }
  return all();
}

/// The first byte of the buffers.
msghdr shortened(const msghdr& message, iovec& piece) {
  msghdr shorter = message;
  for (const iovec& each : std::span(message.msg_iov, message.msg_iovlen)) {
    if (each.iov_len == 0) continue;
    piece = {each.iov_base, 1};
    shorter.msg_iov = &piece;
    shorter.msg_iovlen = 1;
    break;
  }
  return shorter;
}

/// Takes the connection that waits away, as one that its client has given up.
void drop_waiting(int listener) {
  const int fd = NEXT(accept)(listener, nullptr, nullptr);
  if (fd < 0) return;
  const linger at_once{1, 0};
  NEXT(setsockopt)(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
}

}  // namespace

extern "C" {

int accept(int fd, sockaddr* address, socklen_t* size) {
  const auto mode = fault(Kind::accept, fd);
  if (!mode) return NEXT(accept)(fd, address, size);
  if (*mode == Mode::interrupted) return failed(EINTR);
  if (*mode == Mode::again) {
    tell_again(fd);
    return failed(EAGAIN);
  }
  const int error = error_of(Kind::accept);
  if (error == ECONNABORTED) drop_waiting(fd);
  return failed(error);
}

ssize_t recv(int fd, void* data, size_t size, int flags) {
  return transfer(
      Kind::recv, fd, [&] { return NEXT(recv)(fd, data, size, flags); },
      [&] { return NEXT(recv)(fd, data, size > 0 ? 1 : 0, flags); });
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  return transfer(
      Kind::recv, fd, [&] { return NEXT(recvmsg)(fd, message, flags); },
      [&] {
        iovec piece{};
        msghdr shorter = shortened(*message, piece);
        return NEXT(recvmsg)(fd, &shorter, flags);
      });
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  return transfer(
      Kind::send, fd, [&] { return NEXT(send)(fd, data, size, flags); },
      [&] { return NEXT(send)(fd, data, size > 0 ? 1 : 0, flags); });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  return transfer(
      Kind::send, fd, [&] { return NEXT(sendmsg)(fd, message, flags); },
      [&] {
        iovec piece{};
        const msghdr shorter = shortened(*message, piece);
        return NEXT(sendmsg)(fd, &shorter, flags);
      });
}

int connect(int fd, const sockaddr* address, socklen_t size) {
  if (fault(Kind::connect, fd)) return failed(error_of(Kind::connect));
  return NEXT(connect)(fd, address, size);
}

// Asio learns by it how a connect has ended.
int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
  const int result = NEXT(getsockopt)(fd, level, name, value, size);
  if (level != SOL_SOCKET || name != SO_ERROR || !fault(Kind::connected, fd)) return result;
  *static_cast<int*>(value) = error_of(Kind::connected);
  failed(*static_cast<int*>(value));
  return result;
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  if (fault(Kind::setsockopt, fd)) return failed(error_of(Kind::setsockopt));
  return NEXT(setsockopt)(fd, level, name, value, size);
}

int shutdown(int fd, int how) noexcept {
  if (fault(Kind::shutdown, fd)) return failed(error_of(Kind::shutdown));
  return NEXT(shutdown)(fd, how);
}

int socket(int domain, int type, int protocol) noexcept {
  if ((domain == AF_INET || domain == AF_INET6) && fault(Kind::socket, std::nullopt))
    return failed(error_of(Kind::socket));
  return NEXT(socket)(domain, type, protocol);
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  if (operation == EPOLL_CTL_ADD && fault(Kind::epoll_add, fd)) return failed(error_of(Kind::epoll_add));
  const std::lock_guard lock(mutex);
  if (operation == EPOLL_CTL_DEL)
    registrations.erase(fd);
  else
    registrations.insert_or_assign(fd, Registration{epoll, *event});
  return NEXT(epoll_ctl)(epoll, operation, fd, event);
}

}  // extern "C"

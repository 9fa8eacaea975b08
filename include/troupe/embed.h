#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "troupe/actor.h"

/// The whole engine inside a program of one's own: link `troupe::embed` of the CMake package. The guide is
/// docs/guides/embedding.md.
namespace troupe {

enum class WriteSync {
  /// A write counts as done when it is on disk.
  sync,
  /// When the system has it; it is synced every now and then. Survives the end of the process, not of the machine.
  interval,
  /// When the system has it.
  os
};

struct EngineOptions {
  /// Made if missing, and held by this engine alone.
  std::filesystem::path data_directory = "data";
  WriteSync durability = WriteSync::sync;
  /// The public port for clients; 0 = any free one; nothing = no socket, actors are reached by `call` only.
  std::optional<std::uint16_t> port;
  std::string host = "127.0.0.1";
  /// What the management API asks for; empty = nothing.
  std::string admin_token;
  /// How clients reach the port, where that differs from host and port; ends with `/`.
  std::string public_url;
  /// 0: one I/O thread for each core.
  unsigned io_threads = 0;
  /// How long the actors get to go to sleep at a stop.
  std::chrono::milliseconds shutdown_grace{4'000};
};

/// A running engine. Threads: `start`, `stop`, the blocking `call` and the destructor block and belong to threads of
/// the program, not to actors; everything else any. Lifetime: the destructor stops it.
class EmbeddedEngine {
 public:
  /// Errors: `storage.locked`, `storage.unavailable`, `storage.format_unsupported`, `server.port_in_use`,
  /// `server.listen_failed`.
  static Result<EmbeddedEngine> start(Registry registry, EngineOptions options = {});

  EmbeddedEngine(EmbeddedEngine&&) noexcept;
  EmbeddedEngine& operator=(EmbeddedEngine&&) noexcept;
  ~EmbeddedEngine();

  /// 0 without a socket.
  std::uint16_t port() const;
  /// The I/O pool. Nothing on it may block.
  Executor executor() const;

  /// An action of an actor of the default namespace, which is created and started if need be. Ends with
  /// `actor.action_timed_out` after a minute at the latest. Errors: what the action returned,
  /// `guard.service_unavailable` after `stop`.
  Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args) const;

  /// The same with typed arguments and result, waiting for it.
  template <class R = void, class... A>
  Result<R> call_and_wait(ActorAddress to, std::string action, const A&... args) const {
    auto output = wait_for(std::move(to), std::move(action), detail::encode_arguments(args...));
    if (!output) return std::move(output).error();
    if constexpr (std::is_void_v<R>)
      return {};
    else
      return decode<R>(*output, "result");
  }

  /// Puts the actors to sleep with their state saved, closes the sockets and the data. Idempotent.
  void stop();

 private:
  struct State;
  explicit EmbeddedEngine(std::unique_ptr<State> state);
  Result<Bytes> wait_for(ActorAddress to, std::string action, Bytes args) const;

  std::unique_ptr<State> state_;
};

}  // namespace troupe

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/abort.h"
#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// Header fields in order of arrival; names are lower case, one value per name.
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields) : fields_(fields) {}
  /// Names are lower case and unique.
  explicit HttpHeaders(std::vector<Field> fields) : fields_(std::move(fields)) {}

  /// The value, or nullptr. `name` must be lower case.
  const std::string* find(std::string_view name) const {
    for (const auto& [field, value] : fields_)
      if (field == name) return &value;
    return nullptr;
  }
  /// Replaces the value of `name` or adds it.
  void set(std::string_view name, std::string value) {
    for (auto& [field, old] : fields_)
      if (field == name) {
        old = std::move(value);
        return;
      }
    fields_.emplace_back(std::string(name), std::move(value));
  }
  void erase(std::string_view name) {
    std::erase_if(fields_, [&](const Field& field) { return field.first == name; });
  }
  void reserve(std::size_t count) { fields_.reserve(count); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

/// A body that is produced piece by piece. Back-pressure: the producer makes the next piece when `read` is called.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// The next piece, or nothing at the end. An error aborts the body. Calls do not overlap.
  virtual Task<Result<std::optional<Bytes>>> read() = 0;
  /// The reader is gone; the producer stops. Threads: any.
  virtual void cancel() = 0;
};

/// Either `body` or `stream` carries the content; `stream` wins when set.
struct HttpRequest {
  std::string method;
  /// Path with query, as sent: starts with '/'.
  std::string target;
  HttpHeaders headers;
  Bytes body;
  std::shared_ptr<BodyStream> stream;
  /// Fires when the client goes away before it has its whole answer, or the request is given up. May be null.
  std::shared_ptr<AbortSignal> abort;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  Bytes body;
  std::shared_ptr<BodyStream> stream;
};

struct WebSocketMessage {
  bool binary = false;
  Bytes data;
  /// Of a message to an actor: its place among everything that was ever sent to the actor's end of this socket, modulo
  /// 65,536. The opening has place 0. A message that is sent again keeps its index.
  std::uint16_t index = 0;
};

/// Names a client's WebSocket for as long as it is open, also while no generation of its actor runs.
struct SocketId {
  /// Random, one for each start of the engine.
  std::array<std::uint8_t, 4> gateway{};
  /// Random, unique among the open sockets.
  std::array<std::uint8_t, 4> request{};

  auto operator<=>(const SocketId&) const = default;
};

/// The client's end of a WebSocket, as the side that talks to it sees it.
/// Threads: any. Blocks: never. Bound: `websocket_outbound_bytes_max`; a client that lets its queue grow past it is
/// closed with 1013 `ws.slow_client`.
class ClientSocket {
 public:
  virtual ~ClientSocket() = default;
  /// Queues a message. False when the socket is closed or has just been closed for being slow.
  virtual bool send(WebSocketMessage message) = 0;
  /// Bytes queued and not yet handed to the kernel.
  virtual std::size_t buffered_bytes() const = 0;
  /// Returns when fewer than half of the bound is queued, or the socket is closed.
  virtual Task<void> wait_drained() = 0;
  /// Sends what is queued, then a Close frame. Later calls are ignored. `reason` is cut at 123 bytes.
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

/// The client's end of a WebSocket, as one generation of its actor sees it. Each generation gets an object of its own;
/// those of earlier generations may still send and acknowledge, but not close.
class RelayedSocket : public ClientSocket {
 public:
  virtual SocketId id() const = 0;
  /// The messages up to `index` are handled: their effects are persisted, so they are never sent again. Indexes that
  /// are not outstanding are ignored.
  virtual void ack(std::uint16_t index) = 0;
  /// The actor lets go of a socket that it can pick up again; the client notices nothing. A generation that ends lets
  /// go of its sockets by itself.
  virtual void hibernate() = 0;
};

/// The actor's end of a WebSocket, as the gateway sees it.
class ActorSocket {
 public:
  virtual ~ActorSocket() = default;
  /// Hands over one client message. The gateway reads the next one when the task is done, which is the back-pressure
  /// towards the client. Calls do not overlap and keep their order. Ends soon once the generation has stopped.
  virtual Task<void> on_message(WebSocketMessage message) = 0;
  /// The socket is closed, by the client or because the connection broke (1006). Called once, after the last message.
  /// Threads: any. Blocks: never.
  virtual void on_close(std::uint16_t code, std::string reason) = 0;
};

}  // namespace troupe

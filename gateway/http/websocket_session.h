#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "gateway/http/gateway_context.h"
#include "gateway/http/outbound_queue.h"
#include "gateway/http/tcp.h"
#include "gateway/http/websocket_frames.h"
#include "troupe/http.h"

namespace troupe {

/// Connects an accepted WebSocket with whoever talks to it: an actor, or an endpoint of the daemon.
using SocketOpener = std::function<Task<Result<std::shared_ptr<ActorSocket>>>(std::shared_ptr<ClientSocket> socket)>;

/// A client's WebSocket from the 101 on. One coroutine reads; one writer, started when there is something to send,
/// merges what has been queued meanwhile.
/// Threads: ClientSocket and ServerConnection: any; the rest on the strand of the socket.
/// Bound: `websocket_outbound_bytes_max` plus one message each way; a client that is that far behind when the next
/// message is queued is closed with 1013 `ws.slow_client`.
class WebSocketSession final : public ClientSocket,
                               public ServerConnection,
                               public std::enable_shared_from_this<WebSocketSession> {
 public:
  /// Where a kind of peer differs from clients of actors.
  struct Rules {
    std::size_t message_max = 0, outbound_bytes_max = 0, outbound_message_max = 0;
    /// What a socket that waits for its peer may keep of the buffer for what comes in.
    std::size_t kept_buffer_max = 512;
    CloseFrame going_away{1001, "ws.going_away"};
    /// Acknowledge what has been read at once: the other side waits for that before it sends its next small frame.
    bool quick_ack = false;
  };
  static Rules client_rules(const ServerSettings& settings);

  struct Start {
    std::shared_ptr<GatewayContext> context;
    ConnectionSet::Membership membership;
    TcpSocket socket;
    Strand strand;
    std::string ray_id;
    /// The 101.
    std::string accept_head;
    /// What the client sent behind its request.
    Bytes early;
    /// Nothing: those for clients.
    std::optional<Rules> rules;
  };

  explicit WebSocketSession(Start start);
  ~WebSocketSession() override;

  /// Accepts the socket and connects it. An error of `opener` closes it with 1011 `<group>.<code>#<ray>`.
  void run(SocketOpener opener);
  /// Accepts the socket only to say why it is refused.
  void refuse(std::uint16_t code, std::string reason);

  bool send(WebSocketMessage message) override;
  std::size_t buffered_bytes() const override;
  Task<void> wait_drained() override;
  void close(std::uint16_t code, std::string reason) override;

  void expire() override;
  void drain() override {}
  void going_away() override;
  void cut() override;

 private:
  struct Waiter {
    /// Goes on when no more than this is queued.
    std::size_t bytes = 0;
    Continuation<Done> continuation;
  };

  Task<void> serve(SocketOpener opener);
  Task<void> open(SocketOpener opener);
  Task<CloseFrame> read_until_closed();
  Task<std::optional<CloseFrame>> take_events();
  Task<bool> read_more();
  bool take_what_came(ErrorCode& ec);
  Task<void> discard_until_eof();
  void acknowledge_now();
  Task<Done> wait_until_at_most(std::size_t bytes);

  /// The next four run with `mutex_` held.
  void queue_close(std::uint16_t code, std::string_view reason);
  /// Whether the caller has to start the writer, once the lock is gone.
  bool start_writer() { return !std::exchange(writing_, true); }
  std::size_t queued() const { return queue_.bytes() + in_flight_; }
  std::vector<Continuation<Done>> due_waiters();

  void schedule_write();
  void write_queued();
  void finish_write(ErrorCode ec);
  bool closing() const;
  void cut_now();
  void leave();

  std::shared_ptr<GatewayContext> context_;
  ConnectionSet::Membership membership_;
  TcpSocket socket_;
  Strand strand_;
  std::string ray_id_;
  const Rules rules_;

  /// Read side: the strand. What has come in and is not parsed is `in_` from `begin_` on.
  Bytes in_;
  std::size_t begin_ = 0;
  /// There may be more in the kernel.
  bool readable_ = false;
  WebSocketReader reader_;
  std::shared_ptr<ActorSocket> actor_;
  bool opening_ = false;
  bool left_ = false;
  /// What is being written.
  std::vector<Bytes> pieces_;

  /// Write side: any thread.
  mutable std::mutex mutex_;
  OutboundQueue queue_;
  /// Bytes that the writer has taken and the kernel has not.
  std::size_t in_flight_ = 0;
  bool writing_ = false;
  /// A Close frame is queued or sent; nothing may follow it.
  bool close_queued_ = false;
  bool broken_ = false;
  /// Why the gateway itself closed the socket, if it did.
  std::optional<CloseFrame> own_close_;
  std::vector<Waiter> waiters_;
};

}  // namespace troupe

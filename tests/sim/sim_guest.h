#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/async.h"
#include "engine/clientproto/messages.h"
#include "tests/sim/sim_socket_model.h"
#include "troupe/http.h"

namespace troupe::sim {

/// Deliberate defects of the way between a client and its actor, each of which a checker has to notice.
enum class WireDefect {
  none,
  /// Every so many frames of a client one is lost, comes twice, or comes after the next.
  drops_frames,
  doubles_frames,
  swaps_frames,
  /// The same of events.
  drops_events,
  doubles_events,
  /// The actor is not told that a client has left.
  forgets_leaving,
  /// Whoever waits for a slow client goes on at once.
  ignores_slowness,
  /// Clients are not told that the socket is closed.
  ignores_closes,
};
WireDefect wire_defect_of(std::string_view variant);

/// What a client may leave unread, bytes.
inline constexpr std::size_t kUnreadMax = 4'096;
/// What is kept of what an actor has not acknowledged, bytes.
inline constexpr std::size_t kPendingMax = 4'096;

/// One client with one socket, and the gateway's session between it and the engine.
/// Threads: that of its world. Lifetime: shared by the engine and its own session; `model` and `place` outlive it.
class Guest final : public ClientSocket, public std::enable_shared_from_this<Guest> {
 public:
  struct Setup {
    SocketModel* model = nullptr;
    Place* place = nullptr;
    std::string name;
    WireDefect defect = WireDefect::none;
    /// Nothing fails in this life, so nothing may go wrong either.
    bool exact = false;
    /// Whether what comes now is heard by anybody.
    std::function<bool()> hears;
  };
  explicit Guest(Setup setup) : setup_(std::move(setup)) {}

  const std::string& name() const { return setup_.name; }
  Place& place() const { return *setup_.place; }
  HttpRequest upgrade() const;

  /// The session: reads what the client sends, one frame after the other, and tells the actor of the end.
  Task<void> serve(std::shared_ptr<ActorSocket> actor);

  // -- the client -----------------------------------------------------------------------------------------------------
  /// Neither side has ended it.
  bool open() const { return !closed_ && !leaving_; }
  void subscribe();
  /// By this action; without a meaning on a `line`.
  void say(std::int64_t number, const std::string& action = "say");
  void leave();
  /// The connection breaks; what has not been read yet is lost.
  void tear();
  void stop_reading() { reading_ = false; }
  void go_on_reading();
  bool answered() const { return answers_.size() >= sent_.size() && outbox_.empty(); }

  /// Everything had time to come about, and this is what its actor says. Nothing: that it is gone.
  void check(const std::optional<Value>& reading);

  // -- ClientSocket ---------------------------------------------------------------------------------------------------
  bool send(WebSocketMessage message) override;
  std::size_t buffered_bytes() const override { return unread_bytes_; }
  Task<void> wait_drained() override;
  void close(std::uint16_t code, std::string reason) override;

 private:
  struct Close {
    std::uint16_t code = 0;
    std::string reason;
  };
  struct Frame {
    std::int64_t number = 0;
    Promise promise = Promise::relaxed;
    Bytes bytes;
  };

  void violation(const std::string& checker, const std::string& what);
  bool every_so_many() { return ++wire_frames_ % 40 == 0; }
  Task<void> pass_on(const std::shared_ptr<ActorSocket>& actor, Frame frame);
  Task<void> hand_over(const std::shared_ptr<ActorSocket>& actor, const Frame& frame);
  void check_bound();
  /// The client reads.
  void flush();
  void read(const WebSocketMessage& message);
  void take(const clientproto::Init& init);
  void take(const clientproto::Event& event);
  void take(const clientproto::ActionResponse& response);
  void take(const clientproto::ErrorFrame& error);
  void heard_back(std::int64_t number, bool ok);
  void see_closed();
  bool may_be_closed_with(const Close& close) const;

  const Setup setup_;

  // The wire.
  std::deque<Frame> outbox_;
  std::optional<Frame> swapped_;
  Signal arrived_;
  bool leaving_ = false;
  bool torn_ = false;
  /// The session has come to its end.
  bool over_ = false;
  std::uint64_t wire_frames_ = 0;
  bool reading_ = true;
  std::deque<WebSocketMessage> unread_;
  std::size_t unread_bytes_ = 0;
  Signal drained_;
  /// A Close is behind what is unread.
  std::optional<Close> closing_;

  // What the client knows.
  std::optional<Close> closed_;
  std::string connection_;
  bool subscribed_ = false;
  std::optional<std::int64_t> last_event_;
  std::vector<std::int64_t> own_events_;
  /// Numbers that the engine was given, in order; their sizes until they are answered.
  std::vector<std::int64_t> sent_;
  std::map<std::int64_t, std::size_t> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::map<std::int64_t, Promise> promised_;
  std::set<std::int64_t> answers_;
};

}  // namespace troupe::sim

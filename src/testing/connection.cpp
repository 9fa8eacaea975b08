#include <deque>
#include <map>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "src/testing/world.h"
#include "troupe/testing.h"

namespace troupe::testing {

namespace {

namespace proto = clientproto;

constexpr auto kEncoding = proto::Encoding::bare;
constexpr std::uint16_t kNormalClosure = 1000;

/// Everything but letters and digits as %XX.
std::string percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
      out.push_back(c);
    } else {
      for (const char escaped : {'%', kHex[byte >> 4], kHex[byte & 15]}) out.push_back(escaped);
    }
  }
  return out;
}

HttpRequest upgrade_request(const Bytes& params) {
  HttpRequest upgrade;
  upgrade.method = "GET";
  upgrade.target = "/connect";
  const auto json = to_json(decode_cbor(params).value());
  upgrade.headers.set("sec-websocket-protocol",
                      "rivet, rivet_encoding.bare, rivet_conn_params." + percent_encode(json));
  return upgrade;
}

Error error_of(const proto::HttpResponseError& error) {
  std::optional<Value> metadata;
  if (error.metadata)
    if (auto value = decode_cbor(*error.metadata)) metadata = std::move(*value);
  return {error.group, error.code, error.message, std::move(metadata)};
}

}  // namespace

/// The client's end; written to by the actor, read by the test. All on the thread of the test.
struct Connection::State final : public ClientSocket, public std::enable_shared_from_this<State> {
  explicit State(detail::World& of) : world(of) {}

  bool send(WebSocketMessage message) override {
    if (!closed.empty()) return false;
    if (auto frame = proto::decode_to_client(kEncoding, message.data))
      std::visit([this](auto& body) { take(std::move(body)); }, *frame);
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t code, std::string reason) override { end(std::to_string(code) + " " + reason); }

  void take(proto::Init init) { id = std::move(init.connection_id); }
  void take(proto::Event event) {
    auto args = decode_cbor(event.args);
    events.push_back({std::move(event.name), args ? std::move(*args) : Value()});
  }
  void take(proto::ActionResponse response) { answer(response.id, std::move(response.output)); }
  void take(proto::ErrorFrame frame) {
    if (frame.action_id) answer(*frame.action_id, error_of(frame.error));
  }
  void answer(std::uint64_t call, Result<Bytes> result) {
    const auto found = calls.find(call);
    if (found == calls.end()) return;
    found->second->answer = std::move(result);
    calls.erase(found);
  }
  void end(std::string why) {
    if (!closed.empty()) return;
    closed = std::move(why);
    for (auto& [call, pending] : calls) pending->answer = make_error("ws", "connection_closed");
    calls.clear();
  }

  void transmit(Bytes frame) {
    outbox.push_back(std::move(frame));
    if (!std::exchange(transmitting, true))
      boost::asio::co_spawn(world.world.context(), pump(shared_from_this()), [](std::exception_ptr) {});
    world.world.settle();
  }
  static Task<void> pump(std::shared_ptr<State> self) {
    while (self->actor && !self->outbox.empty()) {
      WebSocketMessage message;
      message.binary = true;
      message.data = std::move(self->outbox.front());
      self->outbox.pop_front();
      auto handing_over = self->actor->on_message(std::move(message));
      co_await std::move(handing_over);
    }
    self->transmitting = false;
  }

  detail::World& world;
  std::shared_ptr<ActorSocket> actor;
  std::string id, closed;
  std::vector<Event> events;
  std::map<std::uint64_t, std::shared_ptr<detail::PendingAnswer>> calls;
  std::uint64_t last_call = 0;
  std::deque<Bytes> outbox;
  bool transmitting = false;
};

Connection::Connection(std::shared_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}
Connection::~Connection() { close(); }

std::string Connection::closed() const { return state_->closed; }
std::string Connection::id() const { return state_->id; }
std::vector<Event> Connection::take_events() { return std::exchange(state_->events, {}); }

void Connection::subscribe(std::string event) {
  state_->transmit(proto::encode(kEncoding, proto::SubscriptionRequest{std::move(event), true}).value());
}
void Connection::unsubscribe(std::string event) {
  state_->transmit(proto::encode(kEncoding, proto::SubscriptionRequest{std::move(event), false}).value());
}

std::shared_ptr<detail::PendingAnswer> Connection::begin(std::string action, Bytes args) {
  auto pending = std::make_shared<detail::PendingAnswer>();
  if (!state_->closed.empty()) {
    pending->answer = make_error("ws", "connection_closed");
    return pending;
  }
  const auto call = ++state_->last_call;
  state_->calls[call] = pending;
  state_->transmit(proto::encode(kEncoding, proto::ActionRequest{call, std::move(action), std::move(args)}).value());
  return pending;
}

void Connection::close() {
  if (!state_) return;
  // It holds this end, which holds it.
  const auto actor = std::exchange(state_->actor, nullptr);
  if (!state_->closed.empty()) return;
  state_->end(std::to_string(kNormalClosure) + " closed by the client");
  if (actor) actor->on_close(kNormalClosure, "");
  state_->world.world.settle();
}

namespace {

/// The two steps of a client's WebSocket.
Task<Result<std::shared_ptr<ActorSocket>>> open(detail::World& world, ActorAddress address, Bytes params,
                                                std::shared_ptr<ClientSocket> socket) {
  auto id = co_await world.make(std::move(address), std::nullopt);
  if (!id) co_return id.error();
  auto hosted = co_await world.engine->acquire(*id, {});
  if (!hosted) co_return hosted.error();
  auto upgrade = upgrade_request(params);
  co_return co_await world.engine->open_websocket(*id, std::move(*hosted), std::move(upgrade), std::move(socket));
}

}  // namespace

Connection Actor::connect_with(Bytes params) {
  auto state = std::make_shared<Connection::State>(*world_);
  auto opened = world_->run(open(*world_, address_, std::move(params), state));
  if (!opened) throw Misuse("opening the connection waits for time to pass");
  if (*opened)
    state->actor = std::move(**opened);
  else
    state->end("1011 " + opened->error().id());
  return Connection(std::move(state));
}

}  // namespace troupe::testing

#include "tests/sim/sim_guest.h"

#include <algorithm>
#include <charconv>

#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "troupe/codec.h"

namespace troupe::sim {
namespace {

constexpr auto kEncoding = clientproto::Encoding::json;
constexpr std::uint16_t kNormalClosure = 1000, kBroken = 1006, kTryAgainLater = 1013;
constexpr const char* kEvent = "said";

std::int64_t leading_number(std::string_view text) {
  std::int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string text_of(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const auto number : numbers) text += " " + std::to_string(number);
  return text;
}

}  // namespace

WireDefect wire_defect_of(std::string_view variant) {
  constexpr std::pair<std::string_view, WireDefect> kAll[] = {
      {"drops_frames", WireDefect::drops_frames},         {"doubles_frames", WireDefect::doubles_frames},
      {"swaps_frames", WireDefect::swaps_frames},         {"drops_events", WireDefect::drops_events},
      {"doubles_events", WireDefect::doubles_events},     {"forgets_leaving", WireDefect::forgets_leaving},
      {"ignores_slowness", WireDefect::ignores_slowness}, {"ignores_closes", WireDefect::ignores_closes}};
  for (const auto& [name, defect] : kAll)
    if (name == variant) return defect;
  return WireDefect::none;
}

HttpRequest Guest::upgrade() const {
  HttpRequest upgrade;
  upgrade.method = "GET";
  upgrade.target = place().hall ? "/connect" : "/websocket/line";
  upgrade.headers.set("sec-websocket-protocol", "rivet, rivet_encoding.json, rivet_conn_params.%22" + name() + "%22");
  return upgrade;
}

void Guest::violation(const std::string& checker, const std::string& what) {
  setup_.model->violation(checker, place().key + ", " + name() + ": " + what);
}

// -- to the actor -----------------------------------------------------------------------------------------------------

Task<void> Guest::serve(std::shared_ptr<ActorSocket> actor) {
  const auto self = shared_from_this();
  for (;;) {
    while (outbox_.empty() && !leaving_) (void)co_await arrived_.wait();
    if (outbox_.empty()) break;
    Frame frame = std::move(outbox_.front());
    outbox_.pop_front();
    // What comes behind a Close of the other side is not looked at.
    if (!closing_) co_await pass_on(actor, std::move(frame));
  }
  if (swapped_ && !closing_) co_await hand_over(actor, *swapped_);
  over_ = true;
  if (setup_.defect == WireDefect::forgets_leaving) co_return;
  const Close end = closing_ ? *closing_ : Close{torn_ ? kBroken : kNormalClosure, ""};
  actor->on_close(end.code, end.reason);
}

Task<void> Guest::pass_on(const std::shared_ptr<ActorSocket>& actor, Frame frame) {
  sent_.push_back(frame.number);
  if (frame.number > 0) {
    waiting_[frame.number] = frame.bytes.size();
    waiting_bytes_ += frame.bytes.size();
    promised_[frame.number] = frame.promise;
  } else {
    // A subscription has no answer.
    sent_.pop_back();
  }
  const WireDefect defect = setup_.defect;
  if (defect == WireDefect::drops_frames && every_so_many()) co_return;
  if (defect == WireDefect::swaps_frames && !swapped_ && every_so_many()) {
    swapped_ = std::move(frame);
    co_return;
  }
  co_await hand_over(actor, frame);
  if (defect == WireDefect::doubles_frames && every_so_many()) co_await hand_over(actor, frame);
  if (swapped_) co_await hand_over(actor, *std::exchange(swapped_, std::nullopt));
}

Task<void> Guest::hand_over(const std::shared_ptr<ActorSocket>& actor, const Frame& frame) {
  WebSocketMessage message;
  message.data = frame.bytes;
  auto taking = actor->on_message(std::move(message));
  co_await std::move(taking);
  check_bound();
}

/// What is not answered is not acknowledged either.
void Guest::check_bound() {
  if (!setup_.hears() || closing_ || !unread_.empty() || waiting_bytes_ <= kPendingMax) return;
  violation("bounded sockets", std::to_string(waiting_bytes_) + " bytes are kept");
}

void Guest::subscribe() {
  subscribed_ = true;
  outbox_.push_back(
      {0, Promise::relaxed, clientproto::encode(kEncoding, clientproto::SubscriptionRequest{kEvent, true}).value()});
  arrived_.notify_all();
}

void Guest::say(std::int64_t number, const std::string& action) {
  Frame frame{number, action == "vow" && place().hall ? Promise::durable : Promise::relaxed, {}};
  if (place().hall) {
    const clientproto::ActionRequest request{static_cast<std::uint64_t>(number), action,
                                             encode(Value::array({number}))};
    frame.bytes = clientproto::encode(kEncoding, request).value();
  } else {
    frame.bytes = to_bytes(std::to_string(number));
  }
  outbox_.push_back(std::move(frame));
  arrived_.notify_all();
}

void Guest::leave() {
  leaving_ = true;
  // It reads on until the socket is closed.
  go_on_reading();
  arrived_.notify_all();
}

void Guest::tear() {
  torn_ = leaving_ = true;
  outbox_.clear();
  unread_.clear();
  unread_bytes_ = 0;
  drained_.notify_all();
  arrived_.notify_all();
}

// -- to the client ----------------------------------------------------------------------------------------------------

bool Guest::send(WebSocketMessage message) {
  if (closing_ || torn_ || over_) return false;
  if (unread_bytes_ >= kUnreadMax) {
    unread_.clear();
    unread_bytes_ = 0;
    closing_ = Close{kTryAgainLater, "ws.slow_client"};
    flush();
    return false;
  }
  unread_bytes_ += message.data.size();
  unread_.push_back(std::move(message));
  flush();
  return true;
}

Task<void> Guest::wait_drained() {
  const auto self = shared_from_this();
  if (setup_.defect == WireDefect::ignores_slowness) co_return;
  while (unread_bytes_ >= kUnreadMax / 2 && !closing_ && !torn_) (void)co_await drained_.wait();
}

void Guest::close(std::uint16_t code, std::string reason) {
  if (closing_ || over_ || setup_.defect == WireDefect::ignores_closes) return;
  closing_ = Close{code, std::move(reason)};
  drained_.notify_all();
  flush();
}

void Guest::go_on_reading() {
  reading_ = true;
  flush();
}

void Guest::flush() {
  if (!reading_) return;
  while (!unread_.empty()) {
    const WebSocketMessage message = std::move(unread_.front());
    unread_.pop_front();
    unread_bytes_ -= message.data.size();
    if (setup_.hears()) read(message);
  }
  drained_.notify_all();
  if (closing_ && !closed_) see_closed();
}

void Guest::see_closed() {
  closed_ = closing_;
  const bool had_left = std::exchange(leaving_, true);
  arrived_.notify_all();
  if (!setup_.hears()) return;
  if (closed_->code == kTryAgainLater && !place().hall) violation("slow clients are waited for", closed_->reason);
  if (!setup_.exact || had_left || may_be_closed_with(*closed_)) return;
  violation("connections survive sleep", "closed with " + std::to_string(closed_->code) + " " + closed_->reason);
}

bool Guest::may_be_closed_with(const Close& close) const {
  return place().doomed || close.code == kTryAgainLater || close.reason == "guard.websocket_pending_limit_reached";
}

void Guest::read(const WebSocketMessage& message) {
  if (!place().hall) return heard_back(leading_number(as_text(message.data)), true);
  auto frame = clientproto::decode_to_client(kEncoding, message.data);
  if (!frame) return violation("frames are whole", std::string(as_text(message.data)));
  if (std::holds_alternative<clientproto::Event>(*frame)) {
    if (setup_.defect == WireDefect::drops_events && every_so_many()) return;
    if (setup_.defect == WireDefect::doubles_events && every_so_many()) take(std::get<clientproto::Event>(*frame));
  }
  std::visit([this](const auto& body) { take(body); }, *frame);
}

void Guest::take(const clientproto::Init& init) {
  if (!connection_.empty()) violation("connections survive sleep", "let in twice");
  connection_ = init.connection_id;
}

void Guest::take(const clientproto::Event& event) {
  const auto args = decode<Value>(event.args, "event");
  const auto* parts = args ? args->get_if<Value::Array>() : nullptr;
  if (event.name != kEvent || !parts || parts->size() != 3) return violation("frames are whole", event.name);
  const auto sequence = (*parts)[0].as_int().value_or(-1), number = (*parts)[2].as_int().value_or(-1);
  const std::string speaker((*parts)[1].as_string().value_or("?"));
  if (last_event_ && sequence <= *last_event_)
    violation("events in order", std::to_string(sequence) + " after " + std::to_string(*last_event_));
  else if (last_event_ && sequence != *last_event_ + 1 && setup_.exact)
    violation("events reach their subscribers", std::to_string(sequence) + " after " + std::to_string(*last_event_));
  last_event_ = sequence;
  if (speaker == name()) own_events_.push_back(number);
  setup_.model->told(place(), speaker, number, Promise::relaxed);
}

void Guest::take(const clientproto::ActionResponse& response) {
  const auto number = static_cast<std::int64_t>(response.id);
  const auto output = decode<Value>(response.output, "output");
  const auto calls = output && output->find("calls") ? output->find("calls")->as_int() : std::nullopt;
  if (!calls || !output->find("connection") || !output->find("name"))
    return violation("frames are whole", "answer to " + std::to_string(number));
  if (output->find("connection")->as_string() != connection_ || output->find("name")->as_string() != name())
    violation("connections survive sleep", "answered as somebody else");
  const auto place_in_order = std::ranges::find(sent_, number) - sent_.begin() + 1;
  if (setup_.exact && *calls != place_in_order)
    violation("connections survive sleep",
              "call " + std::to_string(place_in_order) + " is counted as number " + std::to_string(*calls));
  if (subscribed_ && std::ranges::count(own_events_, number) == 0)
    violation("events come before answers", std::to_string(number));
  heard_back(number, true);
}

void Guest::take(const clientproto::ErrorFrame& error) {
  const std::string id = error.error.group + "." + error.error.code;
  if (setup_.exact && !place().doomed) violation("every frame is answered", id);
  if (error.action_id) heard_back(static_cast<std::int64_t>(*error.action_id), false);
}

void Guest::heard_back(std::int64_t number, bool ok) {
  if (!answers_.insert(number).second) violation("no frame twice", "answer to " + std::to_string(number));
  if (const auto waiting = waiting_.find(number); waiting != waiting_.end()) {
    waiting_bytes_ -= waiting->second;
    waiting_.erase(waiting);
  }
  if (ok) setup_.model->told(place(), name(), number, promised_[number]);
}

// -- in the end -------------------------------------------------------------------------------------------------------

void Guest::check(const std::optional<Value>& reading) {
  if (!reading) {
    if (open()) violation("sockets end with their actor", "still open");
    return;
  }
  if (open())
    for (const auto& [number, size] : waiting_) violation("every frame is answered", std::to_string(number));
  if (!setup_.exact) return;
  const auto heard = SocketModel::heard(*reading, name());
  // Of one that was cut off the actor need not have heard everything.
  if (!closing_ && heard != sent_)
    violation("no frame is lost", "sent" + text_of(sent_) + " but heard" + text_of(heard));
  const auto names = SocketModel::connections(*reading);
  const auto listed = std::ranges::count(names, name());
  if (open() && last_event_ && *last_event_ != SocketModel::last_event(*reading))
    violation("events reach their subscribers", "the last was " + std::to_string(*last_event_) + " of " +
                                                    std::to_string(SocketModel::last_event(*reading)));
  if (open() && listed != 1) violation("connections survive sleep", "not listed");
  if (!open() && listed != 0) violation("no ghost connections", "still listed");
  const auto came = SocketModel::came(*reading, name()), left = SocketModel::left(*reading, name());
  if (left != (open() ? 0 : came))
    violation("one onDisconnect", "came " + std::to_string(came) + " and left " + std::to_string(left) + " times");
}

}  // namespace troupe::sim

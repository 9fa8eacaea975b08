#include "tests/sim/sim_sockets.h"

#include <boost/asio/co_spawn.hpp>

#include "engine/base/codec/json.h"

namespace troupe::sim {
namespace {

constexpr const char* kKeys[] = {"a", "b", "doomed"};
/// More than is kept for a sleeping actor.
constexpr int kFlood = 60;
/// For what is begun.
constexpr Millis kSettleTime{10'000};

}  // namespace

struct Sockets::State {
  Life& life;
  SocketModel& model;
  SimRandom random;
  const WireDefect defect;
  /// Nothing fails in this life.
  const bool exact;
  bool listening = true;
  /// Nobody begins anything new.
  bool settling = false;
  std::vector<std::shared_ptr<Guest>> guests;

  State(Life& l, SocketModel& m, std::uint64_t seed, WireDefect d, const StoreFaults& faults)
      : life(l), model(m), random(seed), defect(d), exact(faults.commit_fails == 0 && faults.sync_fails == 0) {}

  bool hears() const { return listening && !life.dead(); }
  bool goes_on() const { return hears() && !settling; }
};

namespace {

using StatePtr = std::shared_ptr<Sockets::State>;
using GuestPtr = std::shared_ptr<Guest>;

void start(const StatePtr& state, Task<void> task) {
  boost::asio::co_spawn(state->life.world().context(), std::move(task), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

Task<void> pause(StatePtr state, Millis time) {
  const Ports ports = state->life.world().ports();
  co_await wait_for(ports.timers, ports.io, time);
}

Task<Place*> find_place(StatePtr state, std::string name, std::string key) {
  GetOrCreate wanted;
  wanted.namespace_id = state->life.ns();
  wanted.name = name;
  wanted.key = key;
  wanted.pool = "default";
  auto found = co_await state->life.engine().get_or_create(std::move(wanted));
  co_return found && state->hears() ? &state->model.place(found->actor.id, name, key) : nullptr;
}

/// Null: the actor could not be had.
Task<GuestPtr> come(StatePtr state, bool hall, std::string key) {
  Place* place = co_await find_place(state, hall ? "hall" : "line", std::move(key));
  if (!place) co_return nullptr;
  auto hosted = co_await state->life.engine().acquire(place->id, FetchOptions());
  if (!hosted) co_return nullptr;
  Guest::Setup setup;
  setup.model = &state->model;
  setup.place = place;
  setup.name = "s" + std::to_string(state->model.next_number());
  setup.defect = state->defect;
  setup.exact = state->exact;
  setup.hears = [weak = std::weak_ptr(state)] {
    const auto life = weak.lock();
    return life && life->hears();
  };
  auto guest = std::make_shared<Guest>(std::move(setup));
  HttpRequest upgrade = guest->upgrade();
  auto opened = co_await state->life.engine().open_websocket(place->id, std::move(*hosted), std::move(upgrade), guest);
  if (!opened) co_return nullptr;
  state->guests.push_back(guest);
  start(state, guest->serve(std::move(*opened)));
  // It may have come after the end.
  if (!state->hears()) guest->tear();
  co_return guest;
}

Task<void> read_later(StatePtr state, GuestPtr guest, Millis time) {
  co_await pause(state, time);
  guest->go_on_reading();
}

Task<void> put_to_sleep(StatePtr state, ActorId id) { (void)co_await state->life.engine().sleep(id); }

Task<void> destroy(StatePtr state, Place* place) {
  place->doomed = true;
  const auto destroyed = co_await state->life.engine().destroy(place->id);
  if (destroyed && state->hears()) place->gone = true;
}

Task<void> one_thing(StatePtr state, GuestPtr guest) {
  auto& random = state->random;
  const auto say = [&](const char* action) { guest->say(state->model.next_number(), action); };
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
      start(state, put_to_sleep(state, guest->place().id));
      if (random.chance(50)) co_await pause(state, Millis(random.between(0, 30)));
      if (guest->open()) say("say");
      break;
    case 3:
      guest->stop_reading();
      start(state, read_later(state, guest, Millis(random.between(50, 1'500))));
      break;
    case 4:
      for (int left = random.chance(15) ? kFlood : 8; left > 0; --left) say("say");
      break;
    case 5:
      say("vow");
      break;
    case 6:
      say("ponder");
      say("say");
      break;
    case 7:
      for (int steps = 0; steps < 50 && guest->open() && !guest->answered() && state->hears(); ++steps)
        co_await pause(state, Millis(10));
      break;
    case 8:
      if (guest->place().key.ends_with("doomed") && random.chance(30)) co_await destroy(state, &guest->place());
      break;
    default:
      say("say");
  }
}

void go(const StatePtr& state, Guest& guest) {
  auto& random = state->random;
  if (random.chance(40)) guest.say(state->model.next_number());
  if (random.chance(50)) {
    guest.leave();
  } else {
    guest.tear();
  }
}

Task<void> visit(StatePtr state, GuestPtr guest) {
  auto& random = state->random;
  if (guest->place().hall && random.chance(70)) guest->subscribe();
  for (auto things = random.between(1, 15); things > 0 && guest->open() && state->goes_on(); --things) {
    co_await one_thing(state, guest);
    co_await pause(state, Millis(random.between(1, 60)));
  }
  // Some stay.
  if (guest->open() && state->goes_on() && random.chance(75)) go(state, *guest);
}

Task<void> guest_loop(StatePtr state) {
  while (state->goes_on()) {
    const auto key = std::string(kKeys[state->random.below(std::size(kKeys))]);
    const auto guest = co_await come(state, state->random.chance(60), key);
    if (guest) co_await visit(state, guest);
    if (state->goes_on()) co_await pause(state, Millis(state->random.between(1, 100)));
  }
}

using Reading = std::shared_ptr<std::optional<Value>>;

Task<void> read_into(StatePtr state, ActorId id, Reading into) {
  auto request = std::make_shared<HttpRequest>();
  request->method = "POST";
  request->target = "/action/read";
  request->body = to_bytes("{}");
  auto response = co_await state->life.engine().fetch(id, std::move(request), FetchOptions());
  if (!response || response->status != 200) co_return;
  auto parsed = parse_json(as_text(response->body));
  if (!parsed) co_return;
  if (const Value* output = parsed->find("output")) *into = *output;
}

Reading read_now(const StatePtr& state, const Place& place, Millis time) {
  auto reading = std::make_shared<std::optional<Value>>();
  start(state, read_into(state, place.id, reading));
  state->life.advance(time);
  return reading;
}

}  // namespace

Sockets::Sockets(Life& life, SocketModel& model, std::uint64_t seed, WireDefect defect, const StoreFaults& faults)
    : state_(std::make_shared<State>(life, model, seed, defect, faults)) {}
Sockets::~Sockets() { end(); }

void Sockets::begin(int count) {
  for (int i = 0; i < count; ++i) start(state_, guest_loop(state_));
}

void Sockets::settle() {
  state_->settling = true;
  state_->life.calm();
  for (const auto& guest : state_->guests) guest->go_on_reading();
  state_->life.advance(kSettleTime);
  for (const auto& guest : state_->guests)
    if (guest->open() && state_->random.chance(30)) go(state_, *guest);
  state_->life.advance(kSettleTime);
  for (auto& [id, place] : state_->model.places()) {
    if (place.doomed && !place.gone) continue;
    const auto reading = place.gone ? std::make_shared<std::optional<Value>>() : read_now(state_, place, Millis(1'000));
    if (!place.gone && !*reading) {
      state_->model.violation("every actor answers", place.key + " does not answer");
      continue;
    }
    if (*reading) state_->model.check_heard(place, **reading);
    for (const auto& guest : state_->guests)
      if (guest->place().id == id) guest->check(*reading);
  }
}

void Sockets::end() {
  state_->listening = false;
  for (const auto& guest : state_->guests) guest->tear();
}

void Sockets::wake_all() {
  for (const auto& [id, place] : state_->model.places())
    if (!place.doomed) (void)read_now(state_, place, Millis(500));
}

void Sockets::check_all() {
  for (const auto& [id, place] : state_->model.places()) {
    if (place.doomed) continue;
    const auto reading = read_now(state_, place, Millis(40'000));
    if (*reading)
      state_->model.check_left(place, **reading);
    else
      state_->model.violation("every actor answers", place.key + " does not answer");
  }
}

}  // namespace troupe::sim

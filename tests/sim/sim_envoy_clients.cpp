#include "tests/sim/sim_envoy_clients.h"

#include <boost/asio/co_spawn.hpp>
#include <sstream>

#include "engine/base/errors.h"

namespace troupe::sim {
namespace {

constexpr int kKeys = 3;
/// Of a request, all waits of the engine together, and of its answer's body.
constexpr Millis kRequestMax{12'000};
constexpr Millis kStep{10};
constexpr Millis kPatience{30'000};

}  // namespace

struct EnvoyClients::State {
  explicit State(EnvoyWorld& of) : world(of), life(*of.life), random(of.random.below(UINT64_MAX)) {}

  EnvoyWorld& world;
  Life& life;
  SimRandom random;
  bool listening = true;
  /// Of every request: the gateway aborts those of a client that has gone.
  const std::shared_ptr<AbortSignal> gone = std::make_shared<AbortSignal>();
  std::uint64_t acknowledged = 0;
  std::map<std::int64_t, std::chrono::nanoseconds> waiting;
  std::map<std::string, std::uint32_t> generations;

  bool hears() const { return listening && !life.dead(); }
  std::chrono::nanoseconds now() const { return world.agenda.now(); }
};

namespace {

using StatePtr = std::shared_ptr<EnvoyClients::State>;

struct EnvoyAnswer {
  int status = 0;
  std::string body;
};

/// What the engine may say of a request that did not get its answer.
bool is_known(const Error& error) {
  static const std::set<std::string> known{
      "guard.actor_ready_timeout",    "guard.actor_wake_retries_exceeded",    "guard.service_unavailable",
      "guard.tunnel_request_aborted", "guard.gateway_response_start_timeout", "guard.actor_stopped_while_waiting",
      "guard.tunnel_message_timeout", "actor.no_runner_config_configured",    "storage.unavailable",
  };
  return known.contains(error.id());
}

Task<Result<HttpResponse>> send(StatePtr state, std::string key, std::string path, std::size_t body_bytes) {
  GetOrCreate wanted;
  wanted.namespace_id = state->life.ns();
  wanted.name = key.substr(0, key.find('/'));
  wanted.key = key.substr(key.find('/') + 1);
  wanted.pool = "apps";
  TROUPE_CO_TRY(const auto found, co_await state->life.engine().get_or_create(std::move(wanted)));
  auto request = std::make_shared<HttpRequest>();
  request->method = "POST";
  request->target = std::move(path);
  request->body.resize(body_bytes);
  request->abort = state->gone;
  co_return co_await state->life.engine().fetch(found.actor.id, std::move(request), FetchOptions());
}

Task<Result<EnvoyAnswer>> send_and_read(StatePtr state, std::string key, std::string path, std::size_t body_bytes) {
  const auto newest_before = state->generations[key];
  TROUPE_CO_TRY(auto response, co_await send(state, key, std::move(path), body_bytes));
  EnvoyAnswer answer{response.status, to_string(response.body)};
  if (const auto* text = response.headers.find("x-rivet-actor-generation"); text && state->hears()) {
    const auto generation = static_cast<std::uint32_t>(std::stoul(*text));
    if (generation < newest_before)
      state->world.promises.violation(
          "one generation", key + " was answered by generation " + *text + " after " + std::to_string(newest_before));
    state->generations[key] = std::max(state->generations[key], generation);
  }
  while (response.stream) {
    TROUPE_CO_TRY(const auto piece, co_await response.stream->read());
    if (!piece) break;
    answer.body += to_string(*piece);
  }
  co_return answer;
}

/// Asks, and holds the engine to its bounds.
Task<std::optional<EnvoyAnswer>> ask(StatePtr state, std::string key, std::int64_t number, std::string path,
                                     std::size_t body_bytes) {
  auto& promises = state->world.promises;
  promises.asked(key);
  state->waiting[number] = state->now();
  const auto answer = co_await send_and_read(state, key, std::move(path), body_bytes);
  state->waiting.erase(number);
  if (!state->hears()) co_return std::nullopt;
  promises.answered(key);
  if (answer) co_return *answer;
  if (!is_known(answer.error()))
    promises.violation("every request ends", "with the unexpected error " + answer.error().id() + " at " + key);
  co_return std::nullopt;
}

Task<void> one_thing(StatePtr state) {
  auto& random = state->random;
  const auto number = state->world.promises.next_number();
  const std::string text = std::to_string(number);
  const std::string actor = "/k" + std::to_string(random.below(kKeys));
  const std::size_t body_bytes = random.chance(10) ? static_cast<std::size_t>(random.between(1, 200'000)) : 2;
  std::string key = "sheet" + actor;
  std::string path = (random.chance(70) ? "/note/" : "/put/") + text;
  if (random.chance(8)) {
    key = "clock" + actor;
    path = "/alarm/" + text + "/" + std::to_string(random.between(1, 4'000));
  }
  const auto answer = co_await ask(state, key, number, std::move(path), body_bytes);
  if (!answer || answer->status != 200) co_return;
  ++state->acknowledged;
  if (answer->body != text + ":" + std::to_string(body_bytes))
    state->world.promises.violation("own answer", "request " + text + " was answered " + answer->body);
}

Task<void> put_to_sleep(StatePtr state) {
  GetOrCreate wanted;
  wanted.namespace_id = state->life.ns();
  wanted.name = "sheet";
  wanted.key = "k" + std::to_string(state->random.below(kKeys));
  wanted.pool = "apps";
  const bool moves = state->random.chance(50);
  const auto found = co_await state->life.engine().get_or_create(std::move(wanted));
  if (!found) co_return;
  if (moves)
    (void)co_await state->life.engine().reschedule(found->actor.id);
  else
    (void)co_await state->life.engine().sleep(found->actor.id);
}

Task<void> client_loop(StatePtr state) {
  const Ports ports = state->life.world().ports();
  while (state->hears()) {
    if (state->random.chance(4))
      co_await put_to_sleep(state);
    else
      co_await one_thing(state);
    if (!state->hears()) co_return;
    const Millis pause(state->random.chance(90) ? state->random.between(1, 100) : state->random.between(100, 2'000));
    co_await wait_for(ports.timers, ports.io, pause);
  }
}

Task<void> read_into(StatePtr state, std::string key, std::shared_ptr<std::optional<EnvoyAnswer>> into) {
  const auto number = state->world.promises.next_number();
  *into = co_await ask(state, std::move(key), number, "/read/" + std::to_string(number), 0);
}

void start(const StatePtr& state, Task<void> task) {
  boost::asio::co_spawn(state->life.world().context(), std::move(task), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

}  // namespace

EnvoyClients::EnvoyClients(EnvoyWorld& world) : state_(std::make_shared<State>(world)) {}
EnvoyClients::~EnvoyClients() { end(); }

void EnvoyClients::begin(int count) {
  for (int i = 0; i < count; ++i) start(state_, client_loop(state_));
}

void EnvoyClients::end() {
  if (!std::exchange(state_->listening, false)) return;
  state_->world.promises.nobody_asks();
  state_->gone->abort();
}

std::uint64_t EnvoyClients::acknowledged() const { return state_->acknowledged; }

void EnvoyClients::step() {
  for (auto& [number, since] : state_->waiting) {
    if (!state_->hears() || state_->now() - since < kRequestMax) continue;
    state_->world.promises.violation("every request ends", "request " + std::to_string(number) + " still waits");
    since = state_->now() + std::chrono::hours(1);
  }
}

void EnvoyClients::check_all() {
  auto& promises = state_->world.promises;
  for (const std::string& key : promises.keys()) {
    auto reading = std::make_shared<std::optional<EnvoyAnswer>>();
    for (Millis waited{0}; !*reading && waited < kPatience; waited += kRequestMax) {
      start(state_, read_into(state_, key, reading));
      for (Millis passed{0}; !*reading && passed < kRequestMax; passed += kStep) {
        state_->life.advance(kStep);
        step();
      }
    }
    if (!*reading || (*reading)->status != 200) {
      promises.violation("no lost start", key + " does not answer");
      continue;
    }
    std::istringstream text((*reading)->body);
    std::set<std::uint32_t> there;
    for (std::uint32_t number = 0; text >> number;) there.insert(number);
    promises.check_reading(key, there);
  }
}

}  // namespace troupe::sim

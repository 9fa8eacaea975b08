#include "tests/sim/sim_clients.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/codec/json.h"
#include "engine/base/key.h"

namespace troupe::sim {
namespace {

constexpr int kKeys = 3;

struct Answer {
  int status = 0;
  Value body;
  std::int64_t generation = 0;
};

std::string model_key(const std::string& name, const std::string& key) { return name + "/" + key; }

}  // namespace

struct Clients::State {
  Life& life;
  Model& model;
  SimRandom random;
  bool listening = true;
  std::uint64_t acknowledged = 0;

  State(Life& l, Model& m, std::uint64_t seed) : life(l), model(m), random(seed) {}

  /// Whether an answer that comes now is heard by anybody.
  bool hears() const { return listening && !life.dead(); }
};

namespace {

using StatePtr = std::shared_ptr<Clients::State>;

Task<std::optional<ActorId>> find(StatePtr state, std::string name, std::string key) {
  GetOrCreate wanted;
  wanted.namespace_id = state->life.ns();
  wanted.name = std::move(name);
  wanted.key = std::move(key);
  wanted.pool = "default";
  auto found = co_await state->life.engine().get_or_create(std::move(wanted));
  if (!found) co_return std::nullopt;
  co_return found->actor.id;
}

/// Sends a request by key and watches over the generations that answer.
Task<std::optional<Answer>> ask(StatePtr state, std::string name, std::string key, std::string path, std::string body) {
  auto& known = state->model.actor(model_key(name, key));
  const auto newest_before = known.generation;
  const auto id = co_await find(state, name, key);
  if (!id) co_return std::nullopt;
  auto request = std::make_shared<HttpRequest>();
  request->method = "POST";
  request->target = std::move(path);
  request->body = to_bytes(body);
  auto response = co_await state->life.engine().fetch(*id, std::move(request), FetchOptions());
  if (!response || !state->hears()) co_return std::nullopt;
  Answer answer;
  answer.status = response->status;
  if (auto parsed = parse_json(as_text(response->body))) answer.body = *std::move(parsed);
  if (const auto* text = response->headers.find("x-rivet-actor-generation")) answer.generation = std::stoll(*text);
  if (answer.generation < newest_before) {
    state->model.violation("one generation", model_key(name, key) + " was answered by generation " +
                                                 std::to_string(answer.generation) + " after " +
                                                 std::to_string(newest_before));
  }
  known.generation = std::max(known.generation, answer.generation);
  co_return answer;
}

std::string call_body(const Value::Array& args) { return to_json(Value::object({{"args", Value(args)}})); }

Task<void> note(StatePtr state, std::string client, std::string key, std::int64_t number) {
  auto body = call_body({Value(client), Value(number)});
  const auto answer = co_await ask(state, "book", key, "/action/note", std::move(body));
  if (!answer || answer->status != 200) co_return;
  ++state->acknowledged;
  state->model.actor(model_key("book", key)).noted[client].push_back({number, Promise::relaxed});
}

Task<void> post(StatePtr state, std::string client, std::string key, std::int64_t number) {
  auto body = to_json(Value::object({{"body", Value::object({{"i", Value(number)}})}}));
  const auto answer = co_await ask(state, "ledger", key, "/queue/post", std::move(body));
  if (!answer || answer->status != 200) co_return;
  ++state->acknowledged;
  state->model.actor(model_key("ledger", key)).posted[client].push_back(number);
}

/// How far back the wall clock has been at most since there were `since` jumps, compared with then; 0 or less.
std::int64_t furthest_back(const std::vector<std::int64_t>& jumps, std::size_t since) {
  std::int64_t moved = 0, lowest = 0;
  for (std::size_t i = since; i < jumps.size(); ++i) lowest = std::min(lowest, moved += jumps[i]);
  return lowest;
}

Task<void> set_alarm(StatePtr state, std::string key, std::string tag, std::int64_t in_ms) {
  const auto sent_ms = state->life.now_ms();
  const auto jumps_before = state->life.jumps().size();
  auto body = call_body({Value(in_ms), Value(tag)});
  const auto answer = co_await ask(state, "timer", key, "/action/later", std::move(body));
  if (!answer || answer->status != 200) co_return;
  ++state->acknowledged;
  state->model.actor(model_key("timer", key))
      .alarms.push_back({tag, sent_ms + in_ms + furthest_back(state->life.jumps(), jumps_before)});
}

Task<void> put_to_sleep(StatePtr state, std::string name, std::string key) {
  const auto id = co_await find(state, std::move(name), std::move(key));
  if (id) (void)co_await state->life.engine().sleep(*id);
}

Task<void> pause(StatePtr state, Millis time) {
  const Ports ports = state->life.world().ports();
  co_await wait_for(ports.timers, ports.io, time);
}

Task<void> one_thing(StatePtr state, std::string client) {
  auto& random = state->random;
  const auto key = "k" + std::to_string(random.below(kKeys));
  const auto number = state->model.next_number();
  switch (random.below(10)) {
    case 0:
      co_return co_await put_to_sleep(state, random.chance(50) ? "book" : "ledger", key);
    case 1:
    case 2:
      co_return co_await set_alarm(state, key, client + "-" + std::to_string(number), random.between(1, 4'000));
    case 3:
    case 4:
    case 5:
      co_return co_await post(state, client, key, number);
    default:
      co_return co_await note(state, client, key, number);
  }
}

Task<void> client_loop(StatePtr state, std::string client) {
  while (state->hears()) {
    co_await one_thing(state, client);
    if (!state->hears()) co_return;
    co_await pause(state, Millis(state->random.between(1, 60)));
  }
}

void start(StatePtr state, Task<void> task) {
  boost::asio::co_spawn(state->life.world().context(), std::move(task), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

Task<void> read_into(StatePtr state, std::string name, std::string key, std::shared_ptr<std::optional<Value>> into) {
  const auto answer = co_await ask(state, std::move(name), std::move(key), "/action/read", "{}");
  if (!answer || answer->status != 200) co_return;
  if (const Value* output = answer->body.find("output")) *into = *output;
}

/// Name and key of a model's key.
std::pair<std::string, std::string> parts(const std::string& key) {
  const auto slash = key.find('/');
  return {key.substr(0, slash), key.substr(slash + 1)};
}

}  // namespace

Clients::Clients(Life& life, Model& model, std::uint64_t seed) : state_(std::make_shared<State>(life, model, seed)) {}
Clients::~Clients() { end(); }

void Clients::begin(int count) {
  for (int i = 0; i < count; ++i) start(state_, client_loop(state_, "c" + std::to_string(i)));
}

void Clients::end() { state_->listening = false; }
std::uint64_t Clients::acknowledged() const { return state_->acknowledged; }

void Clients::wake_all() {
  auto nowhere = std::make_shared<std::optional<Value>>();
  for (const auto& [key, actor] : state_->model.actors()) {
    const auto [name, actor_key] = parts(key);
    if (name == "timer") continue;
    start(state_, read_into(state_, name, actor_key, nowhere));
    state_->life.advance(Millis(500));
  }
}

void Clients::check_all() {
  state_->model.looking_since(state_->life.now_ms());
  std::vector<std::string> keys;
  for (const auto& [key, actor] : state_->model.actors()) keys.push_back(key);
  for (const auto& key : keys) {
    const auto [name, actor_key] = parts(key);
    auto reading = std::make_shared<std::optional<Value>>();
    start(state_, read_into(state_, name, actor_key, reading));
    state_->life.advance(Millis(40'000));
    if (!*reading) {
      state_->model.violation("every actor answers", key + " does not answer");
      continue;
    }
    state_->model.check(key, **reading);
  }
}

}  // namespace troupe::sim

#include "tests/unit/faults/fault_world.h"

#include <spdlog/spdlog.h>

#include <boost/asio/detached.hpp>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/base/key.h"

namespace troupe::faults {
namespace {

constexpr Millis kStep{50};
constexpr int kStepsMax = 4'800;
constexpr Millis kLeftoversMax{600'000};

GetOrCreate wanted_actor(const NamespaceId& ns, std::string name, const std::string& pool) {
  GetOrCreate wanted;
  wanted.namespace_id = ns;
  wanted.name = std::move(name);
  wanted.key = serialize_key({"k"});
  wanted.pool = pool;
  return wanted;
}

Task<Result<HttpResponse>> post_to(Engine& engine, GetOrCreate wanted, HttpRequest request) {
  auto found = co_await engine.get_or_create(std::move(wanted));
  if (!found) co_return found.error();
  auto sent = std::make_shared<const HttpRequest>(std::move(request));
  co_return co_await engine.fetch(found->actor.id, std::move(sent), FetchOptions());
}

std::string error_in(const Value& body) {
  const auto* group = body.find("group");
  const auto* code = body.find("code");
  return group && code ? std::string(*group->as_string()) + "." + std::string(*code->as_string()) : std::string();
}

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::refused:
      return "refused";
    case Fault::applied:
      return "applied";
    default:
      return "outage";
  }
}

}  // namespace

FaultWorld::FaultWorld(const std::function<void(Registry&)>& actors, Fault fault, std::size_t at)
    : plan_(std::make_shared<FaultPlan>()) {
  // The faults would fill the log.
  spdlog::set_level(spdlog::level::off);
  auto registry = std::make_shared<Registry>();
  actors(*registry);
  registry_ = std::move(registry);
  start();
  plan_->fault = fault;
  plan_->at = at;
  plan_->counting = true;
}

FaultWorld::~FaultWorld() {
  stop();
  spdlog::set_level(spdlog::level::info);
}

void FaultWorld::start() {
  store_ = make_failing_store(*rows_, plan_);
  // The files are for real, and nobody pulls the plug.
  StorageSettings storage;
  storage.durability = DurabilityMode::os;
  auto actors = make_actor_store(world_.ports(), *store_, directory_.path() / "sqlite", storage);
  actors_ = make_failing_actor_store(std::move(actors), plan_);
  engine_ = make_engine(world_.ports(), settings_, *store_, *actors_, registry_);
  const auto started = run(engine_->start());
  ASSERT_TRUE(started && *started);
  ns_ = engine_->directory().find_namespace("default")->id;
}

void FaultWorld::stop() {
  boost::asio::co_spawn(world_.context(), engine_->stop(), boost::asio::detached);
  world_.settle();
  if (engine_->resident_actors() > 0) {
    world_.advance(settings_.shutdown_grace + Millis(1));
    world_.advance(kLeftoversMax);
  }
  engine_.reset();
  actors_.reset();
  world_.settle();
  store_.reset();
}

void FaultWorld::heal() {
  plan_->counting = false;
  faulted_ = plan_->reached();
}

void FaultWorld::crash_and_restart() {
  plan_->dead = true;
  stop();
  plan_ = std::make_shared<FaultPlan>();
  start();
}

void FaultWorld::wait_until(const std::function<bool()>& over) {
  world_.settle();
  for (int step = 0; step < kStepsMax && !over(); ++step) world_.advance(kStep);
}

Answer FaultWorld::ask(std::string name, std::string path, const Value& body) {
  HttpRequest post;
  post.method = "POST";
  post.target = std::move(path);
  post.body = to_bytes(to_json(body));
  auto response = run(post_to(*engine_, wanted_actor(ns_, std::move(name), settings_.local_pool), std::move(post)));
  Answer answer;
  if (!response) {
    ADD_FAILURE() << "no answer";
    return answer;
  }
  if (!*response) {
    answer.error = response->error().id();
    return answer;
  }
  answer.status = (*response)->status;
  if (auto parsed = parse_json(as_text((*response)->body))) answer.body = *std::move(parsed);
  if (!answer.ok()) {
    answer.error = error_in(answer.body);
    EXPECT_NE(answer.error, "") << answer.status;
  }
  return answer;
}

Answer FaultWorld::act(std::string name, std::string action, Value::Array args) {
  auto answer = ask(std::move(name), "/action/" + action, Value::object({{"args", Value(std::move(args))}}));
  if (const Value* output = answer.body.find("output"); answer.ok() && output) answer.body = Value(*output);
  return answer;
}

std::optional<ActorId> FaultWorld::find(const std::string& name) {
  auto found = run(engine_->get_or_create(wanted_actor(ns_, name, settings_.local_pool)));
  if (!found || !*found) return std::nullopt;
  return (*found)->actor.id;
}

void FaultWorld::sleep(const std::string& name) {
  if (const auto id = find(name)) (void)run(engine_->sleep(*id));
}

void at_every_call(const std::function<void(Registry&)>& actors, const std::function<void(FaultWorld&)>& scenario) {
  for (const auto fault : {Fault::refused, Fault::applied, Fault::outage}) {
    for (std::size_t at = 1;; ++at) {
      SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(at));
      FaultWorld world(actors, fault, at);
      scenario(world);
      if (testing::Test::HasFailure()) return;
      if (!world.faulted()) {
        EXPECT_GT(at, 10U) << "the scenario hardly touches the store";
        break;
      }
    }
  }
}

}  // namespace troupe::faults

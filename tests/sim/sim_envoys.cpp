#include "tests/sim/sim_envoys.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace troupe::sim {
namespace {

constexpr envoyproto::Version kOlderVersion = 6;
/// What has begun when a life ends gets so long to find out.
constexpr Millis kAftermath{50};
/// A process that has been told to stop may end long afterwards.
constexpr Millis kReplacement{1'000};

/// Makes the pool, in spite of a store that fails.
Task<void> make_pool(Life& life) {
  const Ports ports = life.world().ports();
  const NamespaceId ns = life.ns();
  while (!life.dead() && !life.engine().pools().find(ns, "apps")) {
    PoolConfig config;
    (void)co_await life.engine().pools().put(ns, "apps", std::move(config));
    co_await wait_for(ports.timers, ports.io, Millis(5));
  }
}

}  // namespace

EnvoyDefects envoy_defects_of(std::string_view variant) {
  EnvoyDefects defects;
  defects.ignores_fences = variant == "ignores_fences";
  defects.answers_commits = variant == "answers_commits";
  defects.answers_puts = variant == "answers_puts";
  defects.drops_starts = variant == "drops_starts";
  defects.keeps_alarms = variant == "keeps_alarms";
  defects.hurries_wakes = variant == "hurries_wakes";
  defects.never_finishes = variant == "never_finishes";
  defects.repeats_requests = variant == "repeats_requests";
  defects.shares_starts = variant == "shares_starts";
  defects.answers_as_earlier = variant == "answers_as_earlier";
  defects.swaps_answers = variant == "swaps_answers";
  return defects;
}

Envoys::Envoys(std::uint64_t seed, Model& model, EnvoyDefects defects, std::string& log)
    : world_(seed, model, defects, log) {
  const auto count = world_.random.between(1, 3);
  envoys_.resize(static_cast<std::size_t>(count));
}

Envoys::~Envoys() {
  for (const auto& envoy : envoys_)
    if (envoy) envoy->die();
}

void Envoys::begin(Life& life, Millis gap, bool troubled) {
  world_.life = &life;
  ++lives_;
  world_.faults = {};
  if (troubled && world_.random.chance(60))
    world_.faults.tears_per_mille = static_cast<unsigned>(world_.random.below(15));
  if (troubled) world_.faults.odd_acks = world_.random.chance(40);
  world_.agenda.attach(life.world().ports(), gap);
  boost::asio::co_spawn(life.world().context(), make_pool(life), boost::asio::detached);
  for (std::size_t i = 0; i < envoys_.size(); ++i) {
    if (!envoys_[i] || !envoys_[i]->alive()) add(i);
    envoys_[i]->resume();
    if (troubled) plan_trouble(i);
  }
  if (!troubled) replace_ended();
}

void Envoys::end(Loss loss) {
  for (const auto& open : std::exchange(world_.links, {}))
    if (const auto link = open.lock()) link->cut();
  if (loss == Loss::power) world_.promises.power_lost();
  world_.life->advance(kAftermath);
  world_.agenda.detach();
  world_.wall_ms();
  world_.life = nullptr;
}

void Envoys::add(std::size_t which) {
  auto started = [this](SimEnvoy& at, const envoyproto::CommandWrapper& start) {
    if (!world_.defects.shares_starts) return;
    for (const auto& other : envoys_)
      if (other->alive() && other.get() != &at) other->start(start);
  };
  const auto version = world_.random.chance(25) ? kOlderVersion : envoyproto::kMaxVersion;
  envoys_[which] = std::make_shared<SimEnvoy>(world_, "envoy-" + std::to_string(++last_key_), version, started);
  envoys_[which]->connect();
}

void Envoys::replace_ended() {
  for (std::size_t i = 0; i < envoys_.size(); ++i)
    if (!envoys_[i]->alive()) add(i);
  world_.agenda.after(kReplacement, [this, life = lives_] {
    if (life == lives_) replace_ended();
  });
}

void Envoys::plan_trouble(std::size_t which) {
  world_.agenda.after(world_.some_time(100, 4'000), [this, which, life = lives_] {
    if (life == lives_) trouble(which);
  });
}

void Envoys::trouble(std::size_t which) {
  const auto envoy = envoys_[which];
  auto again_after = [this, which, life = lives_](Millis time, void (SimEnvoy::*what)()) {
    world_.agenda.after(time, [this, which, life, what, envoy = envoys_[which]] {
      if (what) (envoy.get()->*what)();
      if (life != lives_) return;
      if (!envoy->alive()) add(which);
      plan_trouble(which);
    });
  };
  switch (world_.random.below(6)) {
    case 0:
      if (envoy->link()) envoy->link()->vanish();
      break;
    case 1:
      envoy->pause();
      return again_after(world_.some_time(50, 4'000), &SimEnvoy::resume);
    case 2:
      envoy->die();
      return again_after(world_.some_time(20, 2'000), nullptr);
    case 3:
      envoy->stop_in_order();
      return again_after(world_.some_time(500, 3'000), nullptr);
    default:
      if (envoy->link()) envoy->link()->tear();
      break;
  }
  plan_trouble(which);
}

}  // namespace troupe::sim

#include "tests/sim/sim_run.h"

#include <algorithm>
#include <filesystem>

#include "tests/sim/sim_clients.h"
#include "tests/sim/sim_envoy_clients.h"
#include "tests/sim/sim_envoys.h"
#include "tests/sim/sim_life.h"
#include "tests/sim/sim_sockets.h"

namespace troupe::sim {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;
constexpr const char* kCrashPoints[] = {"commit.begin", "commit.applied", "sync.begin", "sync.end"};
constexpr Millis kStep{10};
/// One run of so many has envoys.
constexpr std::uint64_t kEnvoysEach = 4;
/// In the last life everything that is pending has this long.
constexpr Millis kQuietTime{120'000};

struct Defects {
  StoreDefects store;
  ActorDefects actors;
  WireDefect wire = WireDefect::none;
  bool loosens_bounds = false;
};

Defects defects_of(std::string_view variant) {
  Defects defects;
  defects.store.answers_too_soon = variant == "answers_too_soon";
  defects.store.skips_sync = variant == "skips_sync";
  defects.store.drops_alarms = variant == "drops_alarms";
  defects.store.tears_batches = variant == "tears_batches";
  defects.store.freezes_records = variant == "freezes_records";
  defects.store.forgets_connections = variant == "forgets_connections";
  defects.store.keeps_connections = variant == "keeps_connections";
  defects.wire = wire_defect_of(variant);
  defects.loosens_bounds = variant == "loosens_bounds";
  defects.actors.hurries_alarms = variant == "hurries_alarms";
  defects.actors.reverses_queue = variant == "reverses_queue";
  defects.actors.never_sleeps = variant == "never_sleeps";
  return defects;
}

/// A directory for the SQLite files that no actor of a run makes.
class Scratch {
 public:
  Scratch() {
    auto pattern = (std::filesystem::temp_directory_path() / "troupe-sim-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Run {
 public:
  Run(std::uint64_t seed, std::string_view variant) : random_(seed), defects_(defects_of(variant)) {
    const auto envoy_defects = envoy_defects_of(variant);
    if (seed % kEnvoysEach == 0 || envoy_defects.any()) envoys_.emplace(seed, model_, envoy_defects, report_.log);
  }

  Report finish() {
    const auto lives = random_.between(1, 3);
    for (std::int64_t i = 0; i < lives; ++i) troubled_life();
    quiet_life();
    report_.violations = model_.violations();
    return std::move(report_);
  }

 private:
  LifePlan plan() {
    LifePlan plan;
    plan.seed = random_.below(UINT64_MAX);
    plan.start_ms = now_ms_;
    plan.defects = defects_.store;
    plan.actor_defects = defects_.actors;
    if (!defects_.loosens_bounds) plan.settings.websocket_pending_bytes_max = kPendingMax;
    plan.envoys = envoys_.has_value();
    return plan;
  }

  void troubled_life() {
    auto plan = this->plan();
    if (random_.chance(30)) plan.faults.commit_fails = 3;
    if (random_.chance(30)) plan.faults.sync_fails = 10;
    if (random_.chance(60)) {
      plan.crash_point = kCrashPoints[random_.below(std::size(kCrashPoints))];
      plan.crash_count = static_cast<int>(random_.between(1, envoys_ ? 1'500 : 120));
    }
    Life life(plan, std::move(rows_), scratch_.path());
    life.loss = random_.chance(40) ? Loss::power : Loss::process;
    log("life at " + std::to_string(now_ms_) + (plan.crash_point.empty() ? "" : ", dies at " + plan.crash_point));
    if (life.start()) {
      Clients clients(life, model_, random_.below(UINT64_MAX));
      clients.begin(static_cast<int>(envoys_ ? 1 : random_.between(2, 5)));
      auto envoy_clients = begin_envoys(life, true);
      Sockets sockets(life, socket_model_, random_.below(UINT64_MAX), defects_.wire, plan.faults);
      if (!envoys_) sockets.begin(static_cast<int>(random_.between(1, 2)));
      const auto span = Millis(random_.between(200, envoys_ ? 12'000 : 6'000));
      for (auto passed = Millis(0); passed < span && !life.dead(); passed += kStep) {
        life.advance(kStep);
        if (envoy_clients) envoy_clients->step();
        if (envoys_) envoys_->step();
        if (random_.chance(1)) life.jump(Millis(random_.between(-2'000, 5'000)));
      }
      clients.end();
      if (!envoys_ && !life.dead() && random_.chance(40)) sockets.settle();
      sockets.end();
      report_.acknowledged += clients.acknowledged();
      if (envoy_clients) report_.acknowledged += envoy_clients->acknowledged();
      if (!life.dead() && random_.chance(20)) life.stop_in_order();
    }
    if (life.loss == Loss::power) {
      model_.power_lost();
      socket_model_.power_lost();
    }
    life.die(life.loss);
    end_envoys(life);
    end(life);
    ++report_.crashes;
  }

  /// Everything pending gets the time to come about, and is then looked up.
  void quiet_life() {
    auto plan = this->plan();
    plan.faults.delays = 0;
    Life life(plan, std::move(rows_), scratch_.path());
    if (!life.start()) return model_.violation("restart", "the engine does not start any more");
    Clients clients(life, model_, random_.below(UINT64_MAX));
    Sockets sockets(life, socket_model_, random_.below(UINT64_MAX), defects_.wire, plan.faults);
    auto envoy_clients = begin_envoys(life, false);
    clients.wake_all();
    sockets.wake_all();
    life.advance(kQuietTime);
    if (envoys_) envoys_->world().promises.check_wakes(life.now_ms());
    clients.check_all();
    sockets.check_all();
    if (envoy_clients) envoy_clients->check_all();
    life.advance(kQuietTime);
    const auto awake = life.engine().resident_actors();
    if (awake > 0) model_.violation("idle actors sleep", std::to_string(awake) + " actors are still in memory");
    end_envoys(life);
    end(life);
  }

  /// The envoys that there are come to the life, and in a troubled one their clients too.
  std::unique_ptr<EnvoyClients> begin_envoys(Life& life, bool troubled) {
    if (!envoys_) return nullptr;
    envoys_->begin(life, gap_, troubled);
    auto clients = std::make_unique<EnvoyClients>(envoys_->world());
    if (troubled) clients->begin(3);
    return clients;
  }

  void end_envoys(Life& life) {
    if (envoys_ && envoys_->world().life) envoys_->end(life.loss);
  }

  void end(Life& life) {
    gap_ = Millis(random_.between(1, 5'000));
    now_ms_ = std::max(now_ms_, life.now_ms()) + gap_.count();
    rows_ = life.take_rows();
    model_.reopened();
    socket_model_.reopened();
    log("ends with " + std::to_string(rows_.size()) + " rows, " + std::to_string(report_.acknowledged) + " answers");
  }

  void log(const std::string& line) { report_.log += line + "\n"; }

  SimRandom random_;
  const Defects defects_;
  Scratch scratch_;
  Model model_;
  SocketModel socket_model_{model_};
  Report report_;
  Rows rows_;
  std::int64_t now_ms_ = kStartMs;
  /// Between the last life and the next one.
  Millis gap_{0};
  std::optional<Envoys> envoys_;
};

}  // namespace

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all{
      {"answers_too_soon", "no lost write"},
      {"skips_sync", "no lost message"},
      {"drops_alarms", "no lost alarm"},
      {"tears_batches", "one turn, one commit"},
      {"freezes_records", "one generation"},
      {"hurries_alarms", "no early alarm"},
      {"reverses_queue", "order per sender"},
      {"never_sleeps", "idle actors sleep"},
      {"skips_sync", "what a socket tells is kept"},
      {"drops_frames", "every frame is answered"},
      {"drops_frames", "no frame is lost"},
      {"doubles_frames", "no frame twice"},
      {"swaps_frames", "order on a socket"},
      {"drops_events", "events reach their subscribers"},
      {"drops_events", "events come before answers"},
      {"doubles_events", "events in order"},
      {"forgets_connections", "connections survive sleep"},
      {"keeps_connections", "one onDisconnect"},
      {"forgets_leaving", "no ghost connections"},
      {"ignores_slowness", "slow clients are waited for"},
      {"ignores_closes", "sockets end with their actor"},
      {"loosens_bounds", "bounded sockets"},
      {"ignores_fences", "one writer"},
      {"answers_commits", "no lost commit"},
      {"answers_puts", "no lost entry"},
      {"drops_starts", "no lost start"},
      {"keeps_alarms", "no lost wake"},
      {"hurries_wakes", "no early wake"},
      {"never_finishes", "every request ends"},
      {"repeats_requests", "no request twice"},
      {"shares_starts", "one envoy"},
      {"answers_as_earlier", "one generation"},
      {"swaps_answers", "own answer"},
  };
  return all;
}

Report run(std::uint64_t seed, std::string_view variant) { return Run(seed, variant).finish(); }

}  // namespace troupe::sim

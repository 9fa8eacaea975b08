#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/hosts/host.h"

namespace troupe {

/// How the generations of a ScriptedHost behave; changes apply to the next step.
struct HostScript {
  std::set<std::string> names{"counter"};
  bool can_lose_actors = false;
  /// Reports `running` within `start`; otherwise the test does.
  bool run_at_once = true;
  /// Reports `stopped` within `stop`; otherwise the test does.
  bool stop_at_once = true;
  /// Starts that fail with this.
  std::optional<std::string> start_failure;
};

/// One generation, with everything that was asked of it.
class ScriptedActor final : public HostedActor {
 public:
  ScriptedActor(std::shared_ptr<HostScript> script, ActorRecord started_with, std::shared_ptr<HostEvents> told)
      : record(std::move(started_with)), events(std::move(told)), script_(std::move(script)) {}

  void stop(StopReason reason) override {
    stops.push_back(reason);
    if (script_->stop_at_once) events->stopped(std::nullopt);
  }
  void abandon() override { abandoned = true; }

  Task<Result<HttpResponse>> fetch(HttpRequest request) override {
    if (refusal) co_return *refusal;
    ++fetches;
    HttpResponse response;
    response.body = to_bytes("generation " + std::to_string(record.generation) + " " + request.target);
    co_return response;
  }
  Task<Result<OpenedSocket>> open_websocket(HttpRequest, std::shared_ptr<RelayedSocket>) override {
    co_return make_error("actor", "stopping");
  }
  Task<Result<Bytes>> call(std::string action, Bytes args) override {
    if (refusal) co_return *refusal;
    Bytes answer = to_bytes(action + ":");
    answer.insert(answer.end(), args.begin(), args.end());
    if (action == "hang") {
      auto keep = [this](Continuation<Done> rest) { hanging = std::move(rest); };
      co_await suspend<Done>(std::move(keep));
    }
    co_return answer;
  }

  Task<Result<QueueSent>> send(QueueSend) override { co_return QueueSent(); }

  ActorRecord record;
  std::shared_ptr<HostEvents> events;
  std::vector<StopReason> stops;
  std::optional<Error> refusal;
  Continuation<Done> hanging;
  int fetches = 0;
  bool abandoned = false;

 private:
  std::shared_ptr<HostScript> script_;
};

class ScriptedHost final : public Host {
 public:
  bool serves(const NamespaceId&, const std::string&, const std::string& name) const override {
    return script->names.contains(name);
  }
  bool can_lose_actors() const override { return script->can_lose_actors; }
  std::shared_ptr<HostedActor> start(const ActorRecord& record, std::shared_ptr<HostEvents> events,
                                     std::vector<HibernatingSocket>) override {
    auto actor = std::make_shared<ScriptedActor>(script, record, events);
    started.push_back(actor);
    if (script->start_failure) {
      events->stopped(*script->start_failure);
    } else if (script->run_at_once) {
      events->running();
    }
    return actor;
  }

  std::shared_ptr<ScriptedActor> last() const { return started.empty() ? nullptr : started.back(); }

  std::shared_ptr<HostScript> script = std::make_shared<HostScript>();
  std::vector<std::shared_ptr<ScriptedActor>> started;
};

}  // namespace troupe

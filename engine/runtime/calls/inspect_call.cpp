#include "engine/runtime/inspection.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

class Inspection final : public ActorInspection {
 public:
  explicit Inspection(Instance& actor) : actor_(actor) {}

  Task<Result<std::optional<std::string>>> token() override { return actor_.load_inspector_token(); }

  Result<Bytes> state() override {
    if (!actor_.hooks().create_state) return Bytes();
    return actor_.behavior().serialize_state();
  }

  Task<Result<void>> replace_state(Bytes cbor) override {
    auto replaced = actor_.behavior().replace_state(std::move(cbor));
    if (!replaced) co_return replaced.error();
    actor_.saver().mark();
    co_return co_await actor_.saver().commit(Ack::durable);
  }

  std::vector<ConnectionView> connections() override {
    std::vector<ConnectionView> views;
    for (const auto& connection : actor_.connections().all())
      views.push_back({connection, connection->subscription_count()});
    return views;
  }

  Task<Result<Bytes>> action(std::string name, Bytes args) override {
    return actor_.action(nullptr, std::move(name), std::move(args));
  }

  Database& db() override { return actor_.data().db(); }
  Queue& queue() override { return actor_.queue(); }

 private:
  Instance& actor_;
};

class InspectRun final : public Call<Bytes> {
 public:
  InspectRun(std::shared_ptr<Instance> actor, InspectionWork work)
      : Call(std::move(actor), Traffic::call, "inspect", nullptr), work_(std::move(work)) {}

  Task<void> run(std::shared_ptr<CallBase>) override {
    co_await skip_final_post();
    auto& instance = actor();
    Inspection inspection(instance);
    Result<Bytes> result = Bytes();
    try {
      auto task = work_(inspection);
      result = co_await std::move(task);
    } catch (...) {
      result = Instance::thrown("an inspection");
    }
    answer(std::move(result));
  }

 private:
  InspectionWork work_;
};

}  // namespace

Task<Result<Bytes>> Instance::inspect(InspectionWork work) {
  std::shared_ptr<Call<Bytes>> call = std::make_shared<InspectRun>(self(), std::move(work));
  return submit(std::move(call));
}

}  // namespace troupe

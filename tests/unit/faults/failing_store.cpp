#include "tests/unit/faults/failing_store.h"

#include "engine/base/errors.h"

namespace troupe::faults {

FaultPlan::Verdict FaultPlan::next_call() {
  if (dead) return Verdict::fail;
  if (!counting) return Verdict::pass;
  ++calls;
  if (calls < at || (calls > at && fault != Fault::outage)) return Verdict::pass;
  return fault == Fault::applied ? Verdict::apply_and_fail : Verdict::fail;
}

namespace {

using Plan = std::shared_ptr<FaultPlan>;
using Verdict = FaultPlan::Verdict;

Error injected() { return make_error("storage", "unavailable", std::nullopt, "injected"); }

template <class T>
Task<Result<T>> read(Plan plan, Task<Result<T>> work) {
  if (plan->next_call() != Verdict::pass) co_return injected();
  co_return co_await std::move(work);
}

Task<Result<void>> write(Plan plan, Task<Result<void>> work) {
  const Verdict verdict = plan->next_call();
  if (verdict == Verdict::fail) co_return injected();
  auto committed = co_await std::move(work);
  if (verdict == Verdict::apply_and_fail) co_return injected();
  co_return committed;
}

class FailingStore final : public Store {
 public:
  FailingStore(Store& inner, Plan plan) : inner_(inner), plan_(std::move(plan)) {}

  Task<Result<std::optional<Bytes>>> get(Bytes key) override { return read(plan_, inner_.get(std::move(key))); }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    return read(plan_, inner_.get_many(std::move(keys)));
  }
  Result<std::vector<std::optional<Bytes>>> get_many_now(const std::vector<Bytes>& keys) override {
    if (plan_->next_call() != Verdict::pass) return injected();
    return inner_.get_many_now(keys);
  }
  Task<Result<std::uint64_t>> approximate_bytes(Bytes begin, Bytes end) override {
    return read(plan_, inner_.approximate_bytes(std::move(begin), std::move(end)));
  }
  Task<Result<std::vector<StoreEntry>>> scan(Bytes begin, Bytes end, ScanOptions options) override {
    return read(plan_, inner_.scan(std::move(begin), std::move(end), options));
  }
  Task<Result<void>> commit(WriteBatch batch, Ack ack) override {
    return write(plan_, inner_.commit(std::move(batch), ack));
  }

 private:
  Store& inner_;
  const Plan plan_;
};

}  // namespace

std::unique_ptr<Store> make_failing_store(Store& inner, std::shared_ptr<FaultPlan> plan) {
  return std::make_unique<FailingStore>(inner, std::move(plan));
}

}  // namespace troupe::faults

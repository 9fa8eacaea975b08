#include "engine/runtime/calls/action_scope.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// A raw request. The scope of its code lasts until the body of the answer is done, or nobody wants that any more.
class RequestRun final : public Call<HttpResponse>, public ActionScope {
 public:
  RequestRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, bool* began, HttpRequest request)
      : Call(std::move(actor), Traffic::call, "request", began),
        ActionScope(this->actor()),
        request_(std::move(request)),
        client_(request_.abort) {
    temporary_ = std::move(conn);
  }

  Task<void> run(std::shared_ptr<CallBase> self) override;
  void suspended() override;
  void fail(Error error) override;

 private:
  std::optional<std::chrono::nanoseconds> latest_end() const override { return ends_at(); }

  HttpRequest request_;
  std::shared_ptr<AbortSignal> client_;
  AbortSignal::Subscription leaving_;
};

void RequestRun::suspended() {
  Call::suspended();
  if (!client_) return;
  // The signal fires on the client's thread. The handler itself runs on, what it waits for does not.
  auto gone = [weak = std::weak_ptr<CallBase>(shared_from_this()), executor = actor().executor()] {
    hand_over(executor, [weak] {
      if (const auto call = weak.lock()) static_cast<RequestRun&>(*call).give_up();
    });
  };
  leaving_ = client_->on_abort(std::move(gone));
}

void RequestRun::fail(Error error) {
  if (answered()) return;
  const auto self = shared_from_this();
  mark_aborted();
  Call::fail(std::move(error));
  give_up();
}

Task<void> RequestRun::run(std::shared_ptr<CallBase> self) {
  co_await skip_final_post();
  auto& instance = actor();
  auto conn = temporary_;
  if (instance.admission_runs_code()) {
    mark_began();
    auto admitted = co_await instance.admit(conn);
    if (answered()) co_return instance.drop(conn);
    if (!admitted) co_return answer(admitted.error());
  } else {
    instance.insert(conn);
  }

  Result<HttpResponse> result;
  if (instance.hooks().on_request) {
    mark_began();
    limit(instance.options().action_timeout);
    try {
      CallScopePtr scope(self, this);
      auto task = instance.behavior().on_request(std::move(request_), conn, std::move(scope));
      result = co_await std::move(task);
    } catch (...) {
      result = Instance::thrown("onRequest");
    }
    if (answered()) {
      if (!result) log_hidden(result.error());
      if (result && result->stream) result->stream->cancel();
      co_return;
    }
    unlimit();
  } else {
    result->status = 404;
  }
  const bool streams = result && result->stream;
  if (streams) {
    auto owned = std::exchange(temporary_, nullptr);
    result->stream = BodyState::open(shared_actor(), std::move(result->stream), std::move(owned));
  } else {
    instance.drop(std::exchange(temporary_, nullptr));
  }
  if (instance.unsettled(ack())) {
    auto saved = co_await instance.saver().commit(ack());
    if (result && !saved) result = saved.error();
  }
  instance.gate().settle();
  answer(std::move(result));
}

}  // namespace

Task<Result<HttpResponse>> Instance::request(Connect connect, HttpRequest request) {
  auto* began = std::exchange(connect.began, nullptr);
  auto conn = make_connection(ActorConnection::Kind::temporary, std::move(connect), nullptr);
  std::shared_ptr<Call<HttpResponse>> call =
      std::make_shared<RequestRun>(self(), std::move(conn), began, std::move(request));
  return submit(std::move(call));
}

}  // namespace troupe

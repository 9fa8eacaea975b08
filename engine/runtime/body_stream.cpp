#include "engine/runtime/body_stream.h"

#include "engine/runtime/instance/instance.h"

namespace troupe {

class BodyState::Reader final : public BodyStream {
 public:
  Reader(Executor executor, std::shared_ptr<BodyState> state)
      : executor_(std::move(executor)), state_(std::move(state)) {}
  ~Reader() override { cancel(); }

  Task<Piece> read() override {
    auto start = [this](Continuation<Piece> waiter) {
      hand_over(executor_, [state = state_, waiter = std::move(waiter)]() mutable { state->read(std::move(waiter)); });
    };
    return suspend<Piece>(std::move(start));
  }

  void cancel() override {
    hand_over(executor_, [state = state_] {
      if (state->finished_) return;
      state->producer_->cancel();
      state->finish();
    });
  }

 private:
  Executor executor_;
  std::shared_ptr<BodyState> state_;
};

BodyState::BodyState(std::shared_ptr<Instance> actor, std::shared_ptr<BodyStream> producer,
                     std::shared_ptr<ActorConnection> conn)
    : actor_(std::move(actor)), producer_(std::move(producer)), conn_(std::move(conn)) {}

std::shared_ptr<BodyStream> BodyState::open(std::shared_ptr<Instance> actor, std::shared_ptr<BodyStream> producer,
                                            std::shared_ptr<ActorConnection> conn) {
  auto executor = actor->executor();
  auto state = std::make_shared<BodyState>(actor, std::move(producer), std::move(conn));
  actor->begin_work(Work::call);
  actor->add_stream(*state);
  return std::make_shared<Reader>(std::move(executor), std::move(state));
}

void BodyState::read(Continuation<Piece> waiter) {
  if (abandoned_) return waiter.resume(make_error("actor", "dropped_reply"));
  if (finished_) return waiter.resume(std::optional<Bytes>());
  waiter_ = std::move(waiter);
  actor_->detach(pull(shared_from_this()));
}

Task<void> BodyState::pull(std::shared_ptr<BodyState> self) {
  co_await skip_final_post();
  Piece piece = std::optional<Bytes>();
  try {
    auto task = self->producer_->read();
    piece = co_await std::move(task);
  } catch (...) {
    piece = self->actor_->escaped("the body of a response");
  }
  auto& actor = *self->actor_;
  // A piece leaves like an answer, and so does the end: after the commit of what it could reveal.
  if (const auto need = actor.default_ack(); piece && !self->finished_ && actor.unsettled(need)) {
    auto saved = co_await actor.saver().commit(need);
    if (!saved) {
      self->producer_->cancel();
      piece = saved.error();
    }
  }
  if (!piece || !*piece) self->finish();
  if (self->waiter_) self->waiter_.resume(std::move(piece));
}

void BodyState::finish() {
  if (std::exchange(finished_, true)) return;
  unlink();
  if (conn_) actor_->drop(std::exchange(conn_, nullptr));
  actor_->end_work(Work::call);
}

void BodyState::abandon() {
  abandoned_ = true;
  producer_->cancel();
  finish();
  if (waiter_) waiter_.resume(make_error("actor", "dropped_reply"));
}

}  // namespace troupe

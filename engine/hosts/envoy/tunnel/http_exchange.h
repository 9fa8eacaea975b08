#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/base/async.h"
#include "engine/hosts/envoy/tunnel/context.h"
#include "engine/hosts/envoy/tunnel/outlet.h"
#include "engine/hosts/envoy/tunnel/upload.h"
#include "troupe/abort.h"
#include "troupe/http.h"

namespace troupe {

/// One HTTP request at an actor of an envoy. Once it was sent it is never sent again: the actor may have run it.
/// Threads: any. Blocks: never. Bound: twice the body window of the answer, or one unstreamed answer.
/// Source: envoy protocol of RivetKit 2.3.19, "Tunnel: HTTP".
class HttpExchange final : public Conversation, public std::enable_shared_from_this<HttpExchange> {
 public:
  using Answer = Result<HttpResponse>;
  using Piece = Result<std::optional<Bytes>>;

  /// `request` has its body in memory when the envoy does not take bodies in pieces.
  HttpExchange(std::shared_ptr<TunnelContext> context, ConversationId id, EnvoyActorAddress to, HttpRequest request);

  static bool streams(const TunnelContext& context, const EnvoyLink& link);

  /// Once, after the registry has it. Errors: `actor.stopping` when nothing of it has run, else what became of it.
  Task<Answer> run();

  void receive(std::uint16_t index, envoyproto::ToRivetTunnelMessageKind kind) override;
  void reconnected() override;
  void generation_stopped() override;

 private:
  class Body;
  enum class Phase {
    /// The envoy is away; nothing was sent.
    unsent,
    waiting_for_answer,
    /// The head of the answer is out, pieces follow.
    streaming,
    ended,
  };

  void begin(Continuation<Done> caller);
  void send_head();
  envoyproto::ToEnvoyRequestStart make_head();
  void client_gone();
  void answer_overdue();
  /// The envoy was away while it had the request: it has to be heard of again.
  void await_sign_of_life();
  void nothing_heard();
  void upload_failed();

  void on(envoyproto::ToRivetResponseStart start);
  void on(envoyproto::ToRivetResponseChunk chunk);
  void on(const envoyproto::ToRivetResponseAbort& abort);
  void on(const envoyproto::ToRivetRequestBodyWindowUpdate& update);
  void on(const envoyproto::ToRivetRequestBodyCancel&);
  template <class OfWebSockets>
  void on(const OfWebSockets&) {
    ignored();
  }
  void ignored() const { context_->counters.count_ignored(); }
  void violated(const char* detail);

  /// Ends the exchange without its full answer. Does nothing when it had ended.
  template <class Reason>
  void end(Reason reason, const Error& error) {
    if (end(error)) context_->counters.count(reason);
  }
  /// False when it had ended.
  bool end(const Error& error);
  /// The generation is not going to handle it. `replay`: why it has not seen it, when the next one may have it.
  void end_with_generation(std::optional<TunnelReplay> replay);
  /// Hands out what `run` returns.
  Answer take_answer();
  /// Tells the envoy that nobody waits any more; before the end.
  void send_abort(envoyproto::HttpStreamAbortReason::Kind kind, const char* detail);
  /// Releases everything outside that knows of the exchange.
  void let_go();
  void stop_upload();

  // Of the reader of the body.
  std::optional<Piece> take_piece();
  void read_piece(Continuation<Piece> reader);
  void body_dropped();

  Error error_in_phase(const char* code) const;

  const std::shared_ptr<TunnelContext> context_;
  const std::shared_ptr<Outlet> outlet_;
  const bool streams_;

  std::mutex mutex_;
  Phase phase_ = Phase::unsent;
  /// Until it is sent.
  HttpRequest request_;
  const bool repeatable_;
  std::shared_ptr<Upload> upload_;
  std::uint16_t next_index_ = 0;
  Continuation<Done> caller_;
  DeadlineQueue::Token deadline_ = 0;
  /// Runs from a reconnect to the next message.
  DeadlineQueue::Token silence_ = 0;
  AbortSignal::Subscription abort_;

  /// The answer but for a body in pieces.
  std::optional<Answer> answer_;
  std::deque<Bytes> pieces_;
  /// Of `pieces_`.
  std::size_t piece_bytes_ = 0;
  bool body_complete_ = false;
  std::optional<Error> body_failure_;
  Continuation<Piece> reader_;
  /// Given to the reader, who has consumed it when it asks for more.
  std::size_t with_reader_ = 0;
  std::uint64_t consumed_ = 0;
  /// What the envoy was told.
  std::uint64_t credited_ = 0;
};

}  // namespace troupe

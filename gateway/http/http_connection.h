#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "gateway/http/gateway_context.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/response_head.h"
#include "gateway/http/tcp.h"
#include "gateway/routing/target.h"

namespace troupe {

/// One client's HTTP/1 connection: reads a request, has it answered, writes the answer, and so on. A WebSocket upgrade
/// hands the socket over to a WebSocketSession. The body of a raw request to an actor is not awaited: the actor reads
/// it from the socket (http_upload.cpp). Buffers are kept between requests. Threads: ServerConnection: any; the rest on
/// the strand of the socket.
class HttpConnection final : public ServerConnection,
                             public ProxyObserver,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<GatewayContext> context, ConnectionSet::Membership membership, TcpSocket socket,
                 Strand strand);

  void run();

  void expire() override;
  void drain() override;
  void going_away() override;
  void cut() override;

 private:
  /// What the connection waits for, which says what its deadline means.
  enum class Phase { idle, head, body, resolving, forwarding, writing, streaming, closing };

  /// Who asked, and how the answer has to be framed.
  struct Exchange {
    std::string ray_id;
    std::optional<std::string> origin;
    bool actor_route = false;
    bool is_head = false;
    bool http11 = true;
    bool keep_alive = true;
    /// The 101 that would accept the upgrade; empty for plain requests.
    std::string accept_head;
  };

  /// The body of a request as the actor reads it. May outlive the connection.
  class Upload;
  using BodyPiece = Result<std::optional<Bytes>>;

  Task<void> serve();
  /// Writes the answer. False: the connection is over.
  Task<bool> finish(HttpResponse response);
  /// False: the connection is over, for lack of input or because of it.
  Task<bool> read_request();
  bool make_room();
  Task<void> reject(RequestParser::Status status);
  Task<void> refuse_body(Error error);

  /// Reads what the answer depends on and gives the request its ray id.
  void begin_exchange(HttpRequest& request);
  Task<HttpResponse> respond(HttpRequest request);
  Task<void> upgrade(HttpRequest request);
  HttpResponse broken_handshake(std::string_view fault) const;

  /// Whether the rest of the body that comes in now is for the actor to read.
  bool streams_body();
  /// Turns what is there of the request into one with a streamed body.
  void begin_upload(HttpRequest& request);
  void pull(Continuation<BodyPiece> reader);
  Task<void> pull_more(Continuation<BodyPiece> reader);
  /// Parses what has come. True when there is something to hand out.
  bool parse_upload();
  /// The actor reads no more: it has answered, or the client is gone.
  void end_upload();
  bool client_gone() const { return abort_ && abort_->aborted(); }
  /// Tells the actor when the client goes away before it has its answer.
  void watch_client();

  void finish_headers(HttpResponse& response) const;
  /// False: the client is gone.
  Task<bool> write(HttpResponse response);
  /// Of `stream_`.
  Task<bool> write_stream(bool chunked);
  Task<bool> write_rest(std::vector<boost::asio::const_buffer> buffers);
  Task<void> linger();

  // ProxyObserver
  void resolving() override;
  void forwarding() override;
  bool given_up() const override;

  void arm(Phase phase, Millis limit);
  void disarm(Phase phase);
  void on_deadline();
  /// Ends a request that takes too long, while its task still runs.
  void abandon(const Error& error);
  void send_now(const std::string& bytes);
  void close_now();

  std::shared_ptr<GatewayContext> context_;
  ConnectionSet::Membership membership_;
  TcpSocket socket_;
  Strand strand_;
  RequestParser parser_;
  BodyBudget::Share bodies_;

  std::vector<char> in_;
  std::size_t begin_ = 0, end_ = 0;
  std::string out_;
  Bytes body_;
  /// The body that is being streamed; told when the connection ends before it does.
  std::shared_ptr<BodyStream> stream_;

  std::shared_ptr<Upload> upload_;
  bool upload_done_ = false;
  bool pulling_ = false;
  bool continue_sent_ = false;
  std::optional<Error> upload_error_;
  /// Of the raw request that is being answered.
  std::shared_ptr<AbortSignal> abort_;
  bool watching_ = false;
  /// The head of the answer is on its way.
  bool responding_ = false;

  Phase phase_ = Phase::idle;
  Exchange exchange_;
  /// The request was answered by its deadline; what its task still brings is dropped.
  bool abandoned_ = false;
};

}  // namespace troupe

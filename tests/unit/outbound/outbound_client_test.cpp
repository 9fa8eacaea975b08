#include "gateway/outbound/outbound_client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <future>
#include <thread>

#include "engine/base/real_ports.h"
#include "tests/io_threads.h"

namespace troupe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

/// A server of one connection after the other; each gets its request's head and does what the test says.
class OneByOne {
 public:
  using Serve = std::function<void(tcp::socket&, const std::string& head)>;

  explicit OneByOne(std::vector<Serve> script)
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    thread_ = std::thread([this, script = std::move(script)] {
      for (const auto& serve : script) {
        tcp::socket socket(context_);
        boost::system::error_code error;
        acceptor_.accept(socket, error);
        if (error) return;
        asio::streambuf buffer;
        asio::read_until(socket, buffer, "\r\n\r\n", error);
        const std::string text(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
        serve(socket, text);
      }
    });
  }
  ~OneByOne() { thread_.join(); }

  std::string url(std::string path) const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

void say(tcp::socket& socket, std::string_view text) {
  boost::system::error_code ignored;
  asio::write(socket, asio::buffer(text.data(), text.size()), ignored);
}
/// Until the other side has gone.
void wait_gone(tcp::socket& socket) {
  char byte = 0;
  boost::system::error_code error;
  while (!error) socket.read_some(asio::buffer(&byte, 1), error);
}

class OutboundClientTest : public ::testing::Test {
 protected:
  ~OutboundClientTest() override { pool_.join(); }
  template <class T>
  T wait(Task<T> task) {
    return asio::co_spawn(pool_.executor(), std::move(task), asio::use_future).get();
  }
  static OutboundRequest get(const std::string& url, Millis limit = 20'000ms) {
    OutboundRequest request;
    request.method = "GET";
    request.url = *Url::parse(url);
    request.headers.set("accept", "*/*");
    request.time_limit = limit;
    return request;
  }
  static Task<Result<std::string>> whole(std::shared_ptr<OutboundExchange> exchange) {
    TROUPE_CO_TRY(auto response, co_await exchange->response());
    std::string text = std::to_string(response.status) + " ";
    while (true) {
      TROUPE_CO_TRY(auto piece, co_await response.stream->read());
      if (!piece) co_return text;
      text += as_text(*piece);
    }
  }
  std::string fetch(OutboundRequest request) {
    auto result = wait(whole(client_->begin(std::move(request))));
    return result ? *result : result.error().id();
  }

  IoThreads pool_{2};
  std::unique_ptr<Clock> clock_ = make_system_clock();
  std::unique_ptr<Timers> timers_ = make_asio_timers();
  std::unique_ptr<Random> random_ = make_system_random();
  Ports ports_{*clock_, *timers_, *random_, pool_.executor(), pool_.executor()};
  std::unique_ptr<HttpClient> client_ = make_outbound_client(ports_);
};

TEST_F(OutboundClientTest, SendsAPostAndReadsTheAnswer) {
  std::string head;
  OneByOne server({[&](tcp::socket& socket, const std::string& asked) {
    head = asked;
    say(socket, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    wait_gone(socket);
  }});
  OutboundRequest request = get(server.url("/api/start?x=1"));
  request.method = "POST";
  request.body = to_bytes(std::string_view("frame"));
  EXPECT_EQ(fetch(request), "200 ok");
  EXPECT_TRUE(head.starts_with("POST /api/start?x=1 HTTP/1.1\r\nhost: 127.0.0.1:")) << head;
  EXPECT_NE(head.find("\r\naccept: */*\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\ncontent-length: 5\r\n"), std::string::npos);
}

TEST_F(OutboundClientTest, ABodyComesPieceByPieceWhileTheConnectionIsOpen) {
  std::promise<void> seen;
  OneByOne server({[&](tcp::socket& socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    seen.get_future().wait();
    say(socket, "4\r\nlast\r\n0\r\n\r\n");
  }});
  auto exchange = client_->begin(get(server.url("/")));
  auto response = wait(exchange->response());
  ASSERT_TRUE(response);
  EXPECT_EQ(to_string(BytesView(**wait(response->stream->read()))), "first");
  seen.set_value();
  EXPECT_EQ(to_string(BytesView(**wait(response->stream->read()))), "last");
  EXPECT_FALSE(*wait(response->stream->read()));
}

TEST_F(OutboundClientTest, FollowsRedirects) {
  OneByOne server({[](tcp::socket& socket, const std::string&) {
                     say(socket, "HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n");
                   },
                   [](tcp::socket& socket, const std::string& asked) {
                     say(socket, asked.starts_with("GET /b ") ? "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb"
                                                              : "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
                   }});
  EXPECT_EQ(fetch(get(server.url("/a"))), "200 b");
}

TEST_F(OutboundClientTest, DoesNotFollowThemForEver) {
  std::vector<OneByOne::Serve> script(11, [](tcp::socket& socket, const std::string&) {
    say(socket, "HTTP/1.1 307 Again\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n");
  });
  OneByOne server(std::move(script));
  EXPECT_EQ(fetch(get(server.url("/"))), "outbound.failed");
}

TEST_F(OutboundClientTest, AServerThatIsNotThereIsAFailure) {
  std::string url;
  {
    asio::io_context context;
    tcp::acceptor closed(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    url = "http://127.0.0.1:" + std::to_string(closed.local_endpoint().port()) + "/";
  }
  EXPECT_EQ(fetch(get(url)), "outbound.failed");
  EXPECT_EQ(fetch(get("ftp://127.0.0.1/")), "outbound.failed");
}

TEST_F(OutboundClientTest, WhatIsNoTlsIsAFailure) {
  OneByOne server({[](tcp::socket& socket, const std::string&) { say(socket, "HTTP/1.1 400 No\r\n\r\n"); }});
  auto request = get(server.url("/"));
  request.url.scheme = "https";
  // The greeting of TLS has no end of a head; whatever the server does, the client must not take it for an answer.
  request.time_limit = 200ms;
  const auto outcome = fetch(request);
  EXPECT_TRUE(outcome == "outbound.failed" || outcome == "outbound.timed_out") << outcome;
}

TEST_F(OutboundClientTest, AServerThatNeverAnswersRunsIntoTheTimeLimit) {
  OneByOne server({[](tcp::socket& socket, const std::string&) { wait_gone(socket); }});
  EXPECT_EQ(fetch(get(server.url("/"), 50ms)), "outbound.timed_out");
}

TEST_F(OutboundClientTest, ABodyThatStallsRunsIntoTheTimeLimit) {
  OneByOne server({[](tcp::socket& socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    wait_gone(socket);
  }});
  EXPECT_EQ(fetch(get(server.url("/"), 100ms)), "outbound.timed_out");
}

TEST_F(OutboundClientTest, CancellingEndsWhatWaits) {
  std::promise<void> asked;
  OneByOne server({[&](tcp::socket& socket, const std::string&) {
    asked.set_value();
    wait_gone(socket);
  }});
  auto exchange = client_->begin(get(server.url("/")));
  auto waiting = asio::co_spawn(pool_.executor(), whole(exchange), asio::use_future);
  asked.get_future().wait();
  exchange->cancel();
  EXPECT_EQ(waiting.get().error().id(), "outbound.cancelled");
}

TEST_F(OutboundClientTest, LettingGoOfTheBodyClosesTheConnection) {
  std::promise<void> gone;
  OneByOne server({[&](tcp::socket& socket, const std::string&) {
    say(socket, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    wait_gone(socket);
    gone.set_value();
  }});
  {
    auto exchange = client_->begin(get(server.url("/")));
    auto response = wait(exchange->response());
    ASSERT_TRUE(response);
  }
  gone.get_future().wait();
}

}  // namespace
}  // namespace troupe

#include "src/daemon/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "src/daemon/metrics_server.h"
#include "src/node/io_pool.h"

namespace troupe::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsText, ShowsTheGaugesAndCountsOfItsSources) {
  Metrics metrics;
  std::uint64_t requests = 7;
  metrics.set_sources({[&] { return ServerStats{3, 2, requests}; }, [] { return std::size_t{5}; }});
  metrics.record({"GET", "/actors", 200, std::chrono::milliseconds(3)});
  metrics.record({"BREW", "", 404, std::chrono::milliseconds(1)});
  const auto text = metrics.render();
  EXPECT_THAT(text, HasSubstr("troupe_connections 3\n"));
  EXPECT_THAT(text, HasSubstr("rivet_guard_websocket_active 2\n"));
  EXPECT_THAT(text, HasSubstr("rivet_guard_proxy_request_total 7\n"));
  EXPECT_THAT(text, HasSubstr("troupe_actors_resident 5\n"));
  EXPECT_THAT(text, HasSubstr("rivet_api_request_total{method=\"GET\",path=\"/actors\",router=\"api-public\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("method=\"OTHER\",path=\"unknown\""));
  EXPECT_THAT(text, HasSubstr("rivet_api_request_duration_count{"));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  requests = 9;
  EXPECT_THAT(metrics.render(), HasSubstr("rivet_guard_proxy_request_total 9\n"));
}

std::string ask(std::uint16_t port, const std::string& request) {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket, asio::buffer(request));
  std::string answer;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(answer), end);
  return answer;
}

TEST(MetricsPort, EveryPathGivesTheText) {
  node::IoPool pool(1);
  auto server = start_metrics_server(pool.executor(), "127.0.0.1", 0, [] { return std::string("a 1\n"); });
  ASSERT_TRUE(server);
  for (const auto* path : {"/", "/metrics", "/health"}) {
    const auto answer = ask((*server)->port(), std::string("GET ") + path + " HTTP/1.1\r\nhost: x\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_THAT(answer, HasSubstr("text/plain; version=0.0.4"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\na 1\n"));
  }
  EXPECT_THAT(ask((*server)->port(), "nonsense\r\n\r\n"), Not(HasSubstr("200")));
  (*server)->stop();
  EXPECT_TRUE(pool.drain(std::chrono::seconds(5)));
}

TEST(MetricsPort, APortInUseIsAnError) {
  node::IoPool pool(1);
  auto first = start_metrics_server(pool.executor(), "127.0.0.1", 0, [] { return std::string(); });
  ASSERT_TRUE(first);
  const auto second =
      start_metrics_server(pool.executor(), "127.0.0.1", (*first)->port(), [] { return std::string(); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().id(), "server.port_in_use");
}

TEST(IoThreads, AnExceptionDoesNotEndTheThread) {
  node::IoPool pool(1);
  boost::asio::post(pool.executor(), [] { throw std::runtime_error("broken"); });
  std::atomic<bool> ran = false;
  boost::asio::post(pool.executor(), [&] { ran = true; });
  EXPECT_TRUE(pool.drain(std::chrono::seconds(5)));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace troupe::daemon

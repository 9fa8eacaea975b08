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

/// Sources of which nothing is to be told.
Metrics::Sources quiet_sources() {
  return {[] { return ServerStats{}; }, [] { return std::size_t{0}; }, [] { return TunnelStats{}; },
          [] { return SocketStats{}; }};
}

TEST(MetricsText, ShowsTheGaugesAndCountsOfItsSources) {
  Metrics metrics;
  std::uint64_t requests = 7;
  auto sources = quiet_sources();
  sources.server = [&] { return ServerStats{3, 2, requests}; };
  sources.resident_actors = [] { return std::size_t{5}; };
  metrics.set_sources(std::move(sources));
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

TEST(MetricsText, ShowsWhatGoesOnBetweenTheEngineAndItsEnvoys) {
  Metrics metrics;
  TunnelStats tunnel;
  tunnel.to_envoys = {11, 1'200};
  tunnel.from_envoys = {12, 1'300};
  tunnel.requests = 13;
  tunnel.websockets = 14;
  tunnel.open_requests = 3;
  tunnel.open_websockets = 4;
  tunnel.aborts[static_cast<std::size_t>(TunnelAbort::actor_stopped)] = 5;
  tunnel.replays[static_cast<std::size_t>(TunnelReplay::actor_missing)] = 6;
  tunnel.ignored_messages = 7;
  auto sources = quiet_sources();
  sources.tunnel = [&] { return tunnel; };
  sources.sockets = [] { return SocketStats{8, 9'000, 10}; };
  metrics.set_sources(std::move(sources));
  const auto text = metrics.render();
  for (const char* line :
       {"troupe_tunnel_messages_total{direction=\"to_envoy\"} 11",
        "troupe_tunnel_bytes_total{direction=\"to_envoy\"} 1200",
        "troupe_tunnel_messages_total{direction=\"from_envoy\"} 12",
        "troupe_tunnel_bytes_total{direction=\"from_envoy\"} 1300", "troupe_tunnel_requests_total 13",
        "troupe_tunnel_websockets_total 14", "troupe_tunnel_requests_open 3", "troupe_tunnel_websockets_open 4",
        "troupe_tunnel_aborts_total{reason=\"actor_stopped\"} 5", "troupe_tunnel_aborts_total{reason=\"timed_out\"} 0",
        "troupe_tunnel_replays_total{reason=\"actor_missing\"} 6", "troupe_tunnel_replays_total{reason=\"not_sent\"} 0",
        "troupe_tunnel_ignored_messages_total 7", "troupe_websockets_hibernating 8",
        "troupe_websocket_pending_bytes 9000", "troupe_websocket_repeated_messages_total 10"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  tunnel.open_requests = 0;
  tunnel.to_envoys.messages = 20;
  const auto later = metrics.render();
  EXPECT_THAT(later, HasSubstr("troupe_tunnel_messages_total{direction=\"to_envoy\"} 20\n"));
  EXPECT_THAT(later, HasSubstr("troupe_tunnel_requests_open 0\n"));
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

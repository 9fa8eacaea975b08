#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>

#include "engine/base/url/url.h"
#include "troupe/result.h"

namespace troupe::outbound {

inline constexpr auto kValues = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Finds the addresses of a host and connects to the first that answers.
class Connector {
 public:
  Connector(boost::asio::any_io_executor executor, const Url& url)
      : resolver_(executor), host_(url.host), port_(std::to_string(url.port)) {}

  Task<boost::system::error_code> connect(boost::asio::ip::tcp::socket& socket) {
    auto [resolve_error, endpoints] = co_await resolver_.async_resolve(host_, port_, kValues);
    if (resolve_error) co_return resolve_error;
    if (cancelled_) co_return boost::asio::error::operation_aborted;
    auto [error, endpoint] = co_await boost::asio::async_connect(socket, endpoints, kValues);
    if (error) co_return error;
    if (cancelled_) co_return boost::asio::error::operation_aborted;
    boost::system::error_code ignored;
    socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    co_return error;
  }
  void cancel() {
    cancelled_ = true;
    resolver_.cancel();
  }

 private:
  boost::asio::ip::tcp::resolver resolver_;
  const std::string host_, port_;
  bool cancelled_ = false;
};

}  // namespace troupe::outbound

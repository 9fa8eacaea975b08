#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/base/ports.h"

namespace troupe {

using ErrorCode = boost::system::error_code;
using TcpSocket = boost::asio::ip::tcp::socket;

/// The result of an operation as a tuple that starts with its error code.
constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Whether a call on a non-blocking socket has done nothing, and may do it later. A signal is no reason to give up.
inline bool must_wait(const ErrorCode& ec) {
  namespace error = boost::asio::error;
  return ec == error::would_block || ec == error::try_again || ec == error::interrupted;
}

/// Sends without waiting as much as the kernel takes. The socket must be non-blocking.
template <class Buffers>
std::size_t write_now(TcpSocket& socket, const Buffers& buffers, ErrorCode& ec) {
  const std::size_t written = socket.write_some(buffers, ec);
  if (must_wait(ec)) ec = {};
  return written;
}

}  // namespace troupe

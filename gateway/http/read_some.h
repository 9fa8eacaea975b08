#pragma once

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <utility>

#include "gateway/http/tcp.h"

namespace troupe {

/// Tells Asio that the operation goes on with what its caller was doing. Bytes that are there already are then handled
/// on this thread, where another one would be woken for them.
template <class Handler>
struct ContinuingHandler {
  Handler handler;

  template <class... Results>
  void operator()(Results... results) {
    std::move(handler)(std::move(results)...);
  }
  // NOLINTNEXTLINE(readability-identifier-naming): the name that Asio looks for
  friend bool asio_handler_is_continuation(ContinuingHandler*) { return true; }
};

/// As `socket.async_read_some(buffer, kAsTuple)`.
inline auto read_some(TcpSocket& socket, boost::asio::mutable_buffer buffer) {
  auto initiate = [&socket, buffer](auto handler) {
    socket.async_read_some(buffer, ContinuingHandler<decltype(handler)>{std::move(handler)});
  };
  return boost::asio::async_initiate<decltype(kAsTuple), void(ErrorCode, std::size_t)>(std::move(initiate), kAsTuple);
}

}  // namespace troupe

template <template <class, class> class Associator, class Handler, class Default>
struct boost::asio::associator<Associator, troupe::ContinuingHandler<Handler>, Default> : Associator<Handler, Default> {
  static auto get(const troupe::ContinuingHandler<Handler>& h) noexcept {
    return Associator<Handler, Default>::get(h.handler);
  }
  static auto get(const troupe::ContinuingHandler<Handler>& h, const Default& fallback) noexcept {
    return Associator<Handler, Default>::get(h.handler, fallback);
  }
};

#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "src/node/node.h"

namespace troupe::node {

template <class T>
T Node::run_to_end(Task<T> task) {
  return boost::asio::co_spawn(io_.executor(), std::move(task), boost::asio::use_future).get();
}

}  // namespace troupe::node

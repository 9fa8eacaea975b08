#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

/// Where the engine's own code runs. These are concrete types, unlike the SDK's `Executor`: a strand over that one
/// would ask it for its properties at every step, each time on the heap.
namespace troupe {

/// The threads that run one io_context.
using IoExecutor = boost::asio::io_context::executor_type;
using Strand = boost::asio::strand<IoExecutor>;

}  // namespace troupe

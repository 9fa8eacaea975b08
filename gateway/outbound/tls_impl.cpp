// The one place where Asio's part of TLS is compiled.
#include <boost/asio/ssl/impl/src.hpp>

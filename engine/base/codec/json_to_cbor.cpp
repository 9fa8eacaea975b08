#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::size_t kDepthMax = 128;
constexpr std::size_t kItemsMax = 1 << 20;

/// Writes CBOR as the parser goes. A container gets a one-octet head at first; when it turns out to have more elements
/// than that can say, its content moves up.
class CborSax final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit CborSax(Bytes& out) : out_(out), writer_(out) {}

  std::string take_error() { return std::move(error_); }

  bool null() override { return count() && (writer_.null(), true); }
  bool boolean(bool b) override { return count() && (writer_.boolean(b), true); }
  bool number_integer(number_integer_t n) override { return real(n); }
  bool number_unsigned(number_unsigned_t n) override { return real(n); }
  bool number_float(number_float_t d, const string_t&) override { return count() && (writer_.number(d), true); }
  bool string(string_t& text) override { return count() && (writer_.text(text), true); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(); }
  bool key(string_t& text) override { return count() && (writer_.text(text), true); }
  bool end_object() override { return close(true); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(false); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    return fail(e.what());
  }

 private:
  struct Container {
    std::size_t head;
    std::size_t items;
  };

  bool fail(std::string_view why) {
    if (error_.empty()) error_ = why;
    return false;
  }

  template <class Integer>
  bool real(Integer n) {
    if (!count()) return false;
    constexpr std::int64_t kTwoTo53 = std::int64_t{1} << 53;
    // JavaScript reads longer numbers as floats.
    if (std::cmp_greater(n, kTwoTo53) || std::cmp_less(n, -kTwoTo53))
      writer_.number(static_cast<double>(n));
    else
      writer_.number(static_cast<std::int64_t>(n));
    return true;
  }

  bool count() {
    if (depth_ == 0) return true;
    return ++open_[depth_ - 1].items <= kItemsMax || fail("too many items");
  }

  bool open() {
    if (!count()) return false;
    if (depth_ == kDepthMax) return fail("nested too deeply");
    open_[depth_++] = {out_.size(), 0};
    out_.push_back(0);
    return true;
  }

  bool close(bool is_map) {
    const auto container = open_[--depth_];
    head_.clear();
    CborWriter head(head_);
    if (is_map)
      head.map(container.items / 2);
    else
      head.array(container.items);
    const auto at = out_.begin() + static_cast<std::ptrdiff_t>(container.head);
    *at = head_[0];
    out_.insert(at + 1, head_.begin() + 1, head_.end());
    return true;
  }

  Bytes& out_;
  CborWriter writer_;
  std::array<Container, kDepthMax> open_;
  std::size_t depth_ = 0;
  Bytes head_;
  std::string error_;
};

}  // namespace

Result<Bytes> json_to_cbor(std::string_view json) {
  Bytes out;
  out.reserve(json.size());
  CborSax sax(out);
  if (!nlohmann::json::sax_parse(json, &sax))
    return make_error("core", "internal_error", std::nullopt, "JSON: " + sax.take_error());
  return out;
}

}  // namespace troupe

#include "gateway/management/http/json_scan.h"

namespace troupe::management {

namespace {

constexpr int kDepthMax = 128;

class Scanner {
 public:
  Scanner(std::string_view text, JsonOutline& outline) : text_(text), outline_(outline) {}

  std::optional<JsonSyntaxError> run() {
    if (!value(0, "EOF while parsing a value")) return std::move(error_);
    outline_.end = position_;
    space();
    if (position_ < text_.size()) fail_here("trailing characters");
    return std::move(error_);
  }

 private:
  bool at_end() const { return position_ == text_.size(); }
  char peek() const { return text_[position_]; }
  void space() {
    while (!at_end() && (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r')) ++position_;
  }
  bool fail(const char* message, std::size_t offset) {
    error_ = JsonSyntaxError{message, offset};
    return false;
  }
  /// The character not yet consumed is the culprit.
  bool fail_here(const char* message) { return fail(message, position_ + 1); }

  bool value(int depth, const char* eof) {
    space();
    if (at_end()) return fail(eof, position_);
    if (depth > kDepthMax) return fail_here("recursion limit exceeded");
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool object(int depth) {
    ++position_;
    space();
    if (!at_end() && peek() == '}') return ++position_, true;
    while (true) {
      space();
      if (at_end()) return fail("EOF while parsing an object", position_);
      if (peek() == '}') return fail_here("trailing comma");
      if (peek() != '"') return fail_here("key must be a string");
      if (!string()) return false;
      const auto key_end = position_;
      space();
      if (at_end()) return fail("EOF while parsing an object", position_);
      if (peek() != ':') return fail_here("expected `:`");
      ++position_;
      if (!value(depth + 1, "EOF while parsing a value")) return false;
      if (depth == 0) outline_.members.push_back({key_end, position_});
      space();
      if (at_end()) return fail("EOF while parsing an object", position_);
      if (peek() == '}') return ++position_, true;
      if (peek() != ',') return fail_here("expected `,` or `}`");
      ++position_;
    }
  }

  bool array(int depth) {
    ++position_;
    space();
    if (!at_end() && peek() == ']') return ++position_, true;
    while (true) {
      space();
      if (!at_end() && peek() == ']') return fail_here("trailing comma");
      if (!value(depth + 1, "EOF while parsing a list")) return false;
      space();
      if (at_end()) return fail("EOF while parsing a list", position_);
      if (peek() == ']') return ++position_, true;
      if (peek() != ',') return fail_here("expected `,` or `]`");
      ++position_;
    }
  }

  bool string() {
    ++position_;
    while (true) {
      if (at_end()) return fail("EOF while parsing a string", position_);
      const char c = peek();
      if (static_cast<unsigned char>(c) < 0x20)
        return fail_here("control character (\\u0000-\\u001F) found while parsing a string");
      ++position_;
      if (c == '"') return true;
      if (c == '\\' && !escape()) return false;
    }
  }

  bool escape() {
    if (at_end()) return fail("EOF while parsing a string", position_);
    const char c = text_[position_++];
    if (c != 'u')
      return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos || fail("invalid escape", position_);
    for (int i = 0; i < 4; ++i) {
      if (at_end()) return fail("EOF while parsing a string", position_);
      const char digit = text_[position_++];
      const bool hex =
          (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') || (digit >= 'A' && digit <= 'F');
      if (!hex) return fail("invalid escape", position_);
    }
    return true;
  }

  bool word(std::string_view expected) {
    for (const char c : expected) {
      if (at_end()) return fail("EOF while parsing a value", position_);
      if (peek() != c) return fail_here("expected ident");
      ++position_;
    }
    return true;
  }

  bool digits() {
    if (at_end()) return fail("EOF while parsing a value", position_);
    if (peek() < '0' || peek() > '9') return fail_here("invalid number");
    while (!at_end() && peek() >= '0' && peek() <= '9') ++position_;
    return true;
  }

  bool number() {
    const char first = peek();
    if (first != '-' && (first < '0' || first > '9')) return fail_here("expected value");
    if (first == '-') ++position_;
    if (!at_end() && peek() == '0') {
      ++position_;
      if (!at_end() && peek() >= '0' && peek() <= '9') return fail_here("invalid number");
    } else if (!digits()) {
      return false;
    }
    if (!at_end() && peek() == '.') {
      ++position_;
      if (!digits()) return false;
    }
    if (!at_end() && (peek() == 'e' || peek() == 'E')) {
      ++position_;
      if (!at_end() && (peek() == '+' || peek() == '-')) ++position_;
      if (!digits()) return false;
    }
    return true;
  }

  std::string_view text_;
  JsonOutline& outline_;
  std::size_t position_ = 0;
  std::optional<JsonSyntaxError> error_;
};

}  // namespace

std::optional<JsonSyntaxError> scan_json(std::string_view text, JsonOutline& outline) {
  return Scanner(text, outline).run();
}

std::string json_position(std::string_view text, std::size_t offset) {
  std::size_t line = 1, line_start = 0;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i)
    if (text[i] == '\n') {
      // A newline that is itself the culprit still belongs to its line.
      if (i + 1 == offset) break;
      ++line;
      line_start = i + 1;
    }
  return " at line " + std::to_string(line) + " column " + std::to_string(offset - line_start);
}

}  // namespace troupe::management

#include "src/daemon/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace troupe::daemon {

namespace {

/// The text of a record with what would break its line, or its JSON text, escaped.
class EscapedText : public spdlog::custom_flag_formatter {
 public:
  explicit EscapedText(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    constexpr char kHex[] = "0123456789abcdef";
    for (const char c : message.payload) {
      const auto byte = static_cast<unsigned char>(c);
      if (json_ && (c == '"' || c == '\\')) {
        out.push_back('\\');
        out.push_back(c);
      } else if (byte < 0x20 || byte == 0x7f) {
        for (const char escaped : {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}) out.push_back(escaped);
      } else {
        out.push_back(c);
      }
    }
  }

  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<EscapedText>(json_); }

 private:
  bool json_;
};

}  // namespace

void set_up_logging(const std::string& level, LogFormat format) {
  const bool json = format == LogFormat::json;
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<EscapedText>('*', json);
  formatter->set_pattern(json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":"%*"})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %l %*");
  auto logger = std::make_shared<spdlog::logger>("troupe", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace troupe::daemon

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace slipway::log {

enum class Level { debug, info, warn, error, off };
enum class Format { text, json };

/// One key and value of a log line. Same key, same meaning everywhere: rollout=shop/web, error=...
struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, long long v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, long v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, unsigned long v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, int v) : key(k), value(std::to_string(v)) {}
};

/// Sets up logging to stderr, once, before threads start. Until then nothing below warn is shown.
void configure(Level level, Format format);

/// Whether a line of that level would be shown: for those whose fields are dear to make.
bool enabled(Level level);

/// `message` is constant text; what varies goes into fields.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::debug, m, f);
}
inline void info(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::info, m, f);
}
inline void warn(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::warn, m, f);
}
inline void error(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::error, m, f);
}

}  // namespace slipway::log

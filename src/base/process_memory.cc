#include "base/process_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

/// Of mimalloc, where it is linked in malloc's place.
extern "C" [[gnu::weak]] void mi_collect(bool force) noexcept;

namespace slipway {
namespace {

/// A part of the address space, as /proc/self/smaps tells it.
struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool is_file_to_read = false;  ///< Never written through.
  bool is_clean = true;          ///< The file still says all that it says.
};

/// "7f01a2000000-7f01a2021000 r-xp 00000000 fe:00 1234   /usr/lib/libc.so.6"
bool read_head(std::string_view line, Mapping& into) {
  const char* const last = line.data() + line.size();
  const auto begin = std::from_chars(line.data(), last, into.begin, 16);
  if (begin.ec != std::errc() || begin.ptr == last || *begin.ptr != '-') return false;
  const auto end = std::from_chars(begin.ptr + 1, last, into.end, 16);
  if (end.ec != std::errc()) return false;
  const std::string_view rest(end.ptr, static_cast<std::size_t>(last - end.ptr));
  const bool is_file = rest.find(" /") != std::string_view::npos;
  into.is_file_to_read = is_file && rest.size() > 4 && rest[1] == 'r' && rest[2] == '-';
  into.is_clean = true;
  return true;
}

/// Relocated data looks like the file's and is not: its pages are anonymous by now, or swapped out.
bool tells_of_changes(std::string_view line) {
  return (line.starts_with("Anonymous:") || line.starts_with("Swap:")) &&
         line.find(" 0 kB") == std::string_view::npos;
}

void drop(const Mapping& mapping) {
  if (!mapping.is_file_to_read || !mapping.is_clean) return;
  ::madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_DONTNEED);
}

void drop_pages_of_files() {
  std::ifstream smaps("/proc/self/smaps");
  Mapping mapping;
  for (std::string line; std::getline(smaps, line);) {
    Mapping next;
    if (read_head(line, next)) {
      drop(mapping);
      mapping = next;
    } else if (tells_of_changes(line)) {
      mapping.is_clean = false;
    }
  }
  drop(mapping);
}

}  // namespace

void give_back_memory() {
  if (mi_collect != nullptr) {
    mi_collect(true);
  } else {
    ::malloc_trim(0);
  }
  drop_pages_of_files();
}

}  // namespace slipway

#include "base/process_memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace slipway {
namespace {

constexpr std::size_t size = 1 << 20;

/// A private mapping of a file full of one letter, all of it touched, as the loader maps programs.
class MappedFile {
 public:
  explicit MappedFile(char letter) : file_(std::tmpfile()) {
    REQUIRE(file_ != nullptr);
    const std::string text(size, letter);
    REQUIRE(std::fwrite(text.data(), 1, size, file_) == size);
    REQUIRE(std::fflush(file_) == 0);
    bytes_ = static_cast<char*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, ::fileno(file_), 0));
    REQUIRE(bytes_ != MAP_FAILED);
    CHECK(all_are(letter));
  }
  ~MappedFile() {
    ::munmap(bytes_, size);
    std::fclose(file_);
  }

  void write(char letter) { std::memset(bytes_, letter, size); }
  void make_read_only() { REQUIRE(::mprotect(bytes_, size, PROT_READ) == 0); }
  bool all_are(char letter) const {
    return std::string_view(bytes_, size).find_first_not_of(letter) == std::string_view::npos;
  }
  /// Kilobytes of it that the process holds.
  long resident() const {
    std::ifstream smaps("/proc/self/smaps");
    char head[32];
    std::snprintf(head, sizeof head, "%lx-", reinterpret_cast<unsigned long>(bytes_));
    bool is_ours = false;
    for (std::string line; std::getline(smaps, line);) {
      if (line.starts_with(head)) is_ours = true;
      if (is_ours && line.starts_with("Rss:")) return std::stol(line.substr(4));
    }
    return -1;
  }

 private:
  std::FILE* file_;
  char* bytes_;
};

TEST_CASE("pages that still are the file's go, and come back when they are read") {
  MappedFile program('p');
  program.make_read_only();
  REQUIRE(program.resident() == size / 1024);
  give_back_memory();
  CHECK(program.resident() == 0);
  CHECK(program.all_are('p'));
}

TEST_CASE("pages that were changed stay, whether they can still be written or not") {
  MappedFile relocated('p');
  relocated.write('r');
  MappedFile data('p');
  data.write('d');
  relocated.make_read_only();
  give_back_memory();
  CHECK(relocated.all_are('r'));
  CHECK(data.all_are('d'));
}

}  // namespace
}  // namespace slipway

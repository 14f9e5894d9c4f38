#include "controller/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace slipway::controller {
namespace {

std::string metric(const char* name, const char* help, const char* type, double value) {
  return fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

std::string process_metrics_text() {
  std::ifstream statm("/proc/self/statm");
  double virtual_pages = 0, resident_pages = 0;
  statm >> virtual_pages >> resident_pages;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  return metric("process_cpu_seconds_total", "CPU time of the process", "counter", cpu_seconds()) +
         metric("process_resident_memory_bytes", "Resident memory", "gauge",
                resident_pages * page) +
         metric("process_virtual_memory_bytes", "Virtual memory", "gauge", virtual_pages * page) +
         metric("process_open_fds", "Open file descriptors", "gauge", open_files());
}

}  // namespace slipway::controller

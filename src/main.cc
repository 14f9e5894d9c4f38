#include "cli/run.h"

int main(int argc, char** argv) {
  return slipway::cli::run(argc, argv);
}

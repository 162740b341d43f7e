#include <iostream>

#include "agent/cli/run.h"

int main(int argc, char** argv) {
  return agent::run(argc, argv, std::cout, std::cerr);
}

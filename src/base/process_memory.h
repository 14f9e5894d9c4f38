#pragma once

namespace slipway {

/// Gives back to the system what the process holds and does not need now: memory that was freed,
/// and those pages of the program and its libraries that only the start needed. What is needed
/// again comes back from the page cache by itself. Takes some milliseconds.
void give_back_memory();

}  // namespace slipway

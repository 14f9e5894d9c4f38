#include "api/packed_text.h"

#include <zdict.h>
#include <zstd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/ensure.h"

namespace slipway::api {
namespace {

constexpr int level = 3;
constexpr std::size_t samples_wanted = 500;
/// Larger texts would crowd out the others, and profit little.
constexpr std::size_t sample_size_max = 64 * 1024;
constexpr std::size_t dictionary_size_max = 110 * 1024;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  return context.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

struct PackedText::Dictionary {
  ZSTD_CDict* packing;
  ZSTD_DDict* unpacking;
};

/// Collects samples until there are enough, then holds the dictionary for good.
struct PackedTextDictionaries {
  /// The dictionary to pack this text with; nothing while there is none.
  const PackedText::Dictionary* choose(std::string_view text) {
    const auto* ready = trained.load(std::memory_order_acquire);
    if (ready != nullptr || given_up.load(std::memory_order_relaxed)) return ready;
    const std::lock_guard lock(mutex);
    if (trained.load() != nullptr || given_up || text.size() > sample_size_max) return trained;
    samples.append(text);
    sample_sizes.push_back(text.size());
    if (sample_sizes.size() >= samples_wanted) train();
    return trained;
  }

  static PackedTextDictionaries& instance() {
    // Never destroyed: texts in static objects may outlive any order of destruction.
    static auto* const instance = new PackedTextDictionaries;
    return *instance;
  }

 private:
  void train() {
    std::string bytes(dictionary_size_max, '\0');
    const std::size_t size =
        ZDICT_trainFromBuffer(bytes.data(), bytes.size(), samples.data(), sample_sizes.data(),
                              static_cast<unsigned>(sample_sizes.size()));
    // It fails where the samples have too little in common: then a dictionary is of no use.
    if (ZDICT_isError(size)) {
      given_up = true;
    } else {
      trained = new PackedText::Dictionary{ZSTD_createCDict(bytes.data(), size, level),
                                           ZSTD_createDDict(bytes.data(), size)};
    }
    samples = {};
    sample_sizes = {};
  }

  std::atomic<const PackedText::Dictionary*> trained = nullptr;
  std::atomic<bool> given_up = false;
  std::mutex mutex;
  std::string samples;
  std::vector<std::size_t> sample_sizes;
};

PackedText::PackedText(std::string_view text)
    : text_size_(static_cast<std::uint32_t>(text.size())),
      dictionary_(PackedTextDictionaries::instance().choose(text)) {
  thread_local std::string buffer;
  buffer.resize(ZSTD_compressBound(text.size()));
  const std::size_t size =
      dictionary_ != nullptr
          ? ZSTD_compress_usingCDict(compressor(), buffer.data(), buffer.size(), text.data(),
                                     text.size(), dictionary_->packing)
          : ZSTD_compressCCtx(compressor(), buffer.data(), buffer.size(), text.data(), text.size(),
                              level);
  ASSERT(!ZSTD_isError(size));
  packed_size_ = static_cast<std::uint32_t>(size);
  bytes_ = std::make_unique_for_overwrite<char[]>(size);
  std::memcpy(bytes_.get(), buffer.data(), size);
}

std::string PackedText::text() const {
  std::string text(text_size_, '\0');
  if (packed_size_ == 0) return text;
  const std::size_t size =
      dictionary_ != nullptr
          ? ZSTD_decompress_usingDDict(decompressor(), text.data(), text.size(), bytes_.get(),
                                       packed_size_, dictionary_->unpacking)
          : ZSTD_decompressDCtx(decompressor(), text.data(), text.size(), bytes_.get(),
                                packed_size_);
  ASSERT(size == text.size());
  return text;
}

}  // namespace slipway::api

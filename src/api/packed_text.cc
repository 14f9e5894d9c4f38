#include "api/packed_text.h"

#include <zdict.h>
#include <zstd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <span>
#include <vector>

#include "base/ensure.h"

namespace slipway::api {
namespace {

constexpr int level = 3;
constexpr std::size_t samples_wanted = 300;
/// Larger texts would crowd out the others, and profit little.
constexpr std::size_t sample_size_max = 64 * 1024;

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

/// To pack into: what is kept is copied out of it.
std::span<char> working_memory(std::size_t size) {
  thread_local std::string buffer;
  buffer.resize(size);
  return buffer;
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

  static PackedTextDictionaries& of(PackedText::Family family) {
    // Never destroyed: texts in static objects may outlive any order of destruction.
    static auto* const templates = new PackedTextDictionaries(110 * 1024);
    static auto* const objects = new PackedTextDictionaries(32 * 1024);
    return family == PackedText::Family::templates ? *templates : *objects;
  }

 private:
  explicit PackedTextDictionaries(std::size_t size_max) : size_max_(size_max) {}

  void train() {
    std::string bytes(size_max_, '\0');
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
    // Assigning an empty one would keep the memory.
    std::string().swap(samples);
    std::vector<std::size_t>().swap(sample_sizes);
  }

  const std::size_t size_max_;
  std::atomic<const PackedText::Dictionary*> trained = nullptr;
  std::atomic<bool> given_up = false;
  std::mutex mutex;
  std::string samples;
  std::vector<std::size_t> sample_sizes;
};

PackedText::PackedText(std::string_view text, Family family)
    : text_size_(static_cast<std::uint32_t>(text.size())),
      dictionary_(PackedTextDictionaries::of(family).choose(text)) {
  const std::span<char> room = working_memory(ZSTD_compressBound(text.size()));
  const std::size_t size =
      dictionary_ != nullptr
          ? ZSTD_compress_usingCDict(compressor(), room.data(), room.size(), text.data(),
                                     text.size(), dictionary_->packing)
          : ZSTD_compressCCtx(compressor(), room.data(), room.size(), text.data(), text.size(),
                              level);
  ASSERT(!ZSTD_isError(size));
  keep({room.data(), size});
}

PackedText PackedText::difference(std::string_view text, std::string_view base) {
  PackedText made;
  made.text_size_ = static_cast<std::uint32_t>(text.size());
  const std::span<char> room = working_memory(ZSTD_compressBound(text.size()));
  ZSTD_CCtx_reset(compressor(), ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(compressor(), ZSTD_c_compressionLevel, level);
  // Holds for the next packing alone.
  ZSTD_CCtx_refPrefix(compressor(), base.data(), base.size());
  const std::size_t size =
      ZSTD_compress2(compressor(), room.data(), room.size(), text.data(), text.size());
  ASSERT(!ZSTD_isError(size));
  made.keep({room.data(), size});
  return made;
}

void PackedText::keep(std::string_view packed) {
  packed_size_ = static_cast<std::uint32_t>(packed.size());
  bytes_ = std::make_unique_for_overwrite<char[]>(packed.size());
  std::memcpy(bytes_.get(), packed.data(), packed.size());
}

std::string PackedText::text(std::string_view base) const {
  std::string text(text_size_, '\0');
  if (packed_size_ == 0) return text;
  if (!base.empty()) ZSTD_DCtx_refPrefix(decompressor(), base.data(), base.size());
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

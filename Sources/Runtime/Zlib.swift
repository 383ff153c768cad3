internal import CZlib

/// Compression by zlib.
package enum Zlib {
    /// With a head and an end of gzip, as small as it gets: for what never changes while the process runs. Nil where zlib
    /// cannot do it; the plain bytes then do.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        // 15 bits of window, and 16 for gzip.
        Deflater(level: Z_BEST_COMPRESSION, windowBits: 15 + 16, memory: 8)?.compressed(bytes)
    }

    /// What `Deflater` has made; nil where it is damaged, made with another dictionary, or larger than `most` bytes.
    package static func inflated(_ bytes: [UInt8], dictionary: [UInt8] = [], most: Int) -> [UInt8]? {
        var stream = z_stream()
        guard inflateInit2_(&stream, 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8](repeating: 0, count: most))
        let (inputCount, outputCount) = (input.count, output.count)
        let code = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(inputCount)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(outputCount)
                var code = inflate(&stream, Z_FINISH)
                if code == Z_NEED_DICT {
                    code = inflateSetDictionary(&stream, dictionary, UInt32(dictionary.count))
                    if code == Z_OK { code = inflate(&stream, Z_FINISH) }
                }
                return code
            }
        }
        guard code == Z_STREAM_END else { return nil }
        return Array(output.prefix(Int(stream.total_out)))
    }
}

/// A compressor that is used again and again: what zlib allocates for each is most of the cost of a small message.
///
/// Not thread-safe.
package final class Deflater {
    // zlib points back to the stream: it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let dictionary: [UInt8]

    /// A stream of zlib (RFC 1950). Nil without memory.
    ///
    /// - Parameters:
    ///   - level: 1 (fast) to 9 (small).
    ///   - dictionary: what the texts have in common; the same is needed to read them again.
    package convenience init?(level: Int, dictionary: [UInt8] = []) {
        // Windows and tables for a few kilobytes: larger ones are cleared for each message.
        self.init(level: Int32(level), windowBits: 13, memory: 6, dictionary: dictionary)
    }

    fileprivate init?(level: Int32, windowBits: Int32, memory: Int32, dictionary: [UInt8] = []) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.dictionary = dictionary
        let code = deflateInit2_(
            stream, level, Z_DEFLATED, windowBits, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { return nil }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Nil where zlib cannot do it.
    package func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        guard deflateReset(stream) == Z_OK else { return nil }
        if !dictionary.isEmpty {
            guard deflateSetDictionary(stream, dictionary, UInt32(dictionary.count)) == Z_OK else { return nil }
        }
        let most = Int(deflateBound(stream, UInt(bytes.count)))
        var isDone = false
        let output = [UInt8](unsafeUninitializedCapacity: most) { output, count in
            bytes.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(most)
                isDone = deflate(stream, Z_FINISH) == Z_STREAM_END
                count = most - Int(stream.pointee.avail_out)
            }
        }
        return isDone ? output : nil
    }
}

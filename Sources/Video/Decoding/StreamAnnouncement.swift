internal import CFFmpeg

/// What a stream says of its pictures before the first one comes: codec, size, colours, sets of parameters.
///
/// Streams that announce the same can take turns in one decoder: whatever a reset leaves in it is what they announced.
// @unchecked: never changed after `init`.
final class StreamAnnouncement: @unchecked Sendable {
    /// Without `extradata`.
    private var parameters: UnsafeMutablePointer<AVCodecParameters>?
    /// The sets of parameters as libav keeps them: behind start codes in a stream, as a record of their own in most files.
    private let extradata: [UInt8]
    /// Nil where they are not kept behind start codes, or none are announced.
    let parameterSets: ParameterSets?
    /// In pixels, of the largest picture that is decoded.
    private let largestPicture: Int

    convenience init(
        _ parameters: UnsafePointer<AVCodecParameters>, largestPicture: Int
    ) throws(FFmpegError) {
        let extradata = UnsafeBufferPointer(
            start: parameters.pointee.extradata, count: Int(parameters.pointee.extradata_size))
        try self.init(parameters, extradata: Array(extradata), largestPicture: largestPicture)
    }

    private init(
        _ parameters: UnsafePointer<AVCodecParameters>, extradata: [UInt8], largestPicture: Int
    ) throws(FFmpegError) {
        self.extradata = extradata
        parameterSets =
            extradata.starts(with: [0, 0])
            ? extradata.withUnsafeBytes { ParameterSets(beforePictureIn: $0, of: parameters.pointee.codec_id) } : nil
        self.largestPicture = largestPicture
        guard let copy = avcodec_parameters_alloc() else {
            throw FFmpegError(operation: "allocate a stream's parameters", code: ffAVERROR_ENOMEM)
        }
        self.parameters = copy
        try FFmpegError.check(avcodec_parameters_copy(copy, parameters), "copy a stream's parameters")
        av_freep(&copy.pointee.extradata)
        copy.pointee.extradata_size = 0
    }

    deinit { avcodec_parameters_free(&parameters) }

    var codec: AVCodecID { parameters?.pointee.codec_id ?? AV_CODEC_ID_NONE }

    /// The same with other sets of parameters.
    func replacing(_ sets: ParameterSets) throws(FFmpegError) -> StreamAnnouncement {
        guard let parameters else { return self }
        return try StreamAnnouncement(parameters, extradata: sets.bytes, largestPicture: largestPicture)
    }

    /// Whether a decoder that was opened for the other one decodes this one, and nothing of it shows.
    func isSame(as other: StreamAnnouncement) -> Bool {
        guard let a = parameters?.pointee, let b = other.parameters?.pointee else { return false }
        return self === other
            || extradata == other.extradata && largestPicture == other.largestPicture
                && (a.codec_id, a.codec_tag, a.format) == (b.codec_id, b.codec_tag, b.format)
                && (a.width, a.height, a.video_delay, a.field_order)
                    == (b.width, b.height, b.video_delay, b.field_order)
                && (a.sample_aspect_ratio.num, a.sample_aspect_ratio.den)
                    == (b.sample_aspect_ratio.num, b.sample_aspect_ratio.den)
                && (a.color_range, a.color_primaries, a.color_trc, a.color_space, a.chroma_location)
                    == (b.color_range, b.color_primaries, b.color_trc, b.color_space, b.chroma_location)
    }

    /// A decoder of libav's on one thread; the caller frees it.
    ///
    /// - Parameter isFiltered: false leaves the loop filter out, for comparisons: edges of blocks stay visible.
    func openDecoder(isFiltered: Bool = true) throws(FFmpegError) -> UnsafeMutablePointer<AVCodecContext> {
        let decoder = avcodec_find_decoder(codec)
        var context = avcodec_alloc_context3(decoder)
        guard let codec = context else {
            throw FFmpegError(operation: "allocate a decoder", code: ffAVERROR_ENOMEM)
        }
        do throws(FFmpegError) {
            try FFmpegError.check(avcodec_parameters_to_context(codec, parameters), "set up a decoder")
            if !extradata.isEmpty {
                let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
                guard let copy = av_mallocz(extradata.count + padding)?.assumingMemoryBound(to: UInt8.self) else {
                    throw FFmpegError(operation: "allocate a decoder's parameters", code: ffAVERROR_ENOMEM)
                }
                for (index, byte) in extradata.enumerated() { copy[index] = byte }
                (codec.pointee.extradata, codec.pointee.extradata_size) = (copy, Int32(extradata.count))
            }
            codec.pointee.thread_count = 1
            codec.pointee.max_pixels = Int64(largestPicture)
            if !isFiltered { codec.pointee.skip_loop_filter = AVDISCARD_ALL }
            try FFmpegError.check(avcodec_open2(codec, decoder, nil), "open a decoder")
        } catch {
            avcodec_free_context(&context)
            throw error
        }
        return codec
    }
}

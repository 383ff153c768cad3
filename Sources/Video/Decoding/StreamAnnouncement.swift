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
    /// What decodes its key frames, where each is decoded on its own.
    let way: DecodingWay

    convenience init(
        _ parameters: UnsafePointer<AVCodecParameters>, largestPicture: Int, way: DecodingWay = .software
    ) throws(FFmpegError) {
        let extradata = UnsafeBufferPointer(
            start: parameters.pointee.extradata, count: Int(parameters.pointee.extradata_size))
        try self.init(parameters, extradata: Array(extradata), largestPicture: largestPicture, way: way)
    }

    private init(
        _ parameters: UnsafePointer<AVCodecParameters>, extradata: [UInt8], largestPicture: Int, way: DecodingWay
    ) throws(FFmpegError) {
        self.extradata = extradata
        parameterSets =
            extradata.starts(with: [0, 0])
            ? extradata.withUnsafeBytes { ParameterSets(beforePictureIn: $0, of: parameters.pointee.codec_id) } : nil
        self.largestPicture = largestPicture
        self.way = way
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
    /// As libav calls it, e.g. `h264`.
    var codecName: String { String(cString: avcodec_get_name(codec)) }
    /// E.g. `High`; nil where the stream does not say it.
    var profile: String? {
        parameters.flatMap { avcodec_profile_name(codec, $0.pointee.profile) }.map { String(cString: $0) }
    }
    /// In pixels; 0 where the size is not announced.
    var width: Int { parameters.map { max(0, Int($0.pointee.width)) } ?? 0 }
    var height: Int { parameters.map { max(0, Int($0.pointee.height)) } ?? 0 }
    /// The width of a pixel by its height.
    var aspect: AVRational { parameters?.pointee.sample_aspect_ratio ?? AVRational(num: 0, den: 1) }

    /// The same with other sets of parameters.
    func replacing(_ sets: ParameterSets) throws(FFmpegError) -> StreamAnnouncement {
        guard let parameters else { return self }
        return try StreamAnnouncement(
            parameters, extradata: sets.bytes, largestPicture: largestPicture, way: way)
    }

    /// Whether a decoder that was opened for the other one decodes this one, and nothing of it shows.
    func isSame(as other: StreamAnnouncement) -> Bool {
        guard let a = parameters?.pointee, let b = other.parameters?.pointee else { return false }
        return self === other
            || extradata == other.extradata && largestPicture == other.largestPicture && way == other.way
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
    /// - Parameters:
    ///   - name: by which libav knows it; nil for the usual one of the codec.
    ///   - prepare: is given the context before it is opened.
    func openDecoder(
        named name: String? = nil, _ prepare: (UnsafeMutablePointer<AVCodecContext>) -> Void = { _ in }
    ) throws(FFmpegError) -> UnsafeMutablePointer<AVCodecContext> {
        let decoder: UnsafePointer<AVCodec>?
        if let name { decoder = avcodec_find_decoder_by_name(name) } else { decoder = avcodec_find_decoder(codec) }
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
            prepare(codec)
            try FFmpegError.check(avcodec_open2(codec, decoder, nil), "open a decoder")
        } catch {
            avcodec_free_context(&context)
            throw error
        }
        return codec
    }
}

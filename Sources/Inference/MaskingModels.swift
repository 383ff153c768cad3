/// The networks without which no evidence is shown.
public struct MaskingModels: Sendable, Equatable {
    /// Nil where the manifest does not name it.
    public let face: Model?
    public let plate: Model?

    public init(face: Model?, plate: Model?) {
        self.face = face
        self.plate = plate
    }

    /// As the manifest in the folder of the prepared models names them.
    public init(folder: String) {
        let models = (try? ModelManifest.load(folder: folder))?.models ?? []
        func model(_ name: String) -> Model? { models.first { $0.name == name }?.model(in: folder) }
        self.init(face: model("centerface"), plate: model("hyperlpr-plates"))
    }

    /// Both models; throws where one is missing or not the one that the manifest names.
    public func verified() throws(InferenceError) -> (face: Model, plate: Model) {
        guard let face, let plate else {
            throw InferenceError(
                "mask faces and plates", cause: "the manifest does not name the models for it",
                remedy: "run 'gridwarden models prepare'")
        }
        try face.verify()
        try plate.verify()
        return (face, plate)
    }
}

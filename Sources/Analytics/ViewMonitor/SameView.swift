/// Whether two pictures that were taken within seconds show the same view in the same place.
public enum SameView {
    /// Least likeness of the edges. Two pictures of one camera three seconds apart had 0.7 at least, pictures of two
    /// cameras 0.16 at most, and a picture that shows a hundredth less of the view 0.46.
    static let least = 0.35
    /// Tolerated displacement in points of the edge field, of which a picture has 160 in a row.
    private static let shake = 2

    /// Nil where too little can be made out in either.
    ///
    /// - Parameter other: of the same width; of another height it is compared in shares of the picture.
    public static func likeness(of picture: GreyImage, to other: GreyImage) -> Double? {
        let (edges, others) = (EdgeField(picture), EdgeField(other.stretched(toHeight: picture.height)))
        let points = edges.strongest(above: ReferenceView.edge, most: ReferenceView.points.most)
        guard points.count >= ReferenceView.points.least,
            others.count(above: ReferenceView.edge) >= ReferenceView.points.least
        else { return nil }
        return ReferenceView.best(edges, others, points, reach: (shake, shake)).likeness
    }

    /// Whether it is the same view; nil where too little can be made out in either.
    public static func isSame(_ picture: GreyImage, _ other: GreyImage) -> Bool? {
        likeness(of: picture, to: other).map { $0 >= least }
    }
}

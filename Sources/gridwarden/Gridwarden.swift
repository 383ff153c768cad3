@main struct Gridwarden { static func main() {} }

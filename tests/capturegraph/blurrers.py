"""Blurrers of our own making, each one class: what a blurrer of somebody else's may be like."""

from PIL import Image, ImageFilter

from capturegraph.photos.blurring import Box


class Middle:
    """Says that there is one face, in the middle."""

    def __call__(self, photo: Image.Image) -> list[Box]:
        wide, high = photo.size
        return [(wide // 3, high // 3, 2 * wide // 3, 2 * high // 3)]


class Nobody:
    """Finds nobody."""

    def __call__(self, photo: Image.Image) -> list[Box]:
        return []


class Whole:
    """Blurs all of it by itself."""

    def __call__(self, photo: Image.Image) -> Image.Image:
        return photo.filter(ImageFilter.GaussianBlur(40))


class Broken:
    """Was not made for such photographs."""

    def __call__(self, photo: Image.Image) -> list[Box]:
        raise RuntimeError("no network weights here")


class Elsewhere:
    """Gives a box that lies beside the picture."""

    def __call__(self, photo: Image.Image) -> list[Box]:
        return [(photo.width + 500, 0, photo.width + 600, 50)]


class UpsideDown:
    """Gives a box whose sides are changed over."""

    def __call__(self, photo: Image.Image) -> list[Box]:
        return [(50, 50, 10, 10)]


class Smaller:
    """Gives back another size."""

    def __call__(self, photo: Image.Image) -> Image.Image:
        return photo.resize((10, 10))

"""Cameras above a street whose every number is known."""

import cv2
import numpy as np

from flaneur.ground.lens import NO_DISTORTION, Lens
from flaneur.ground.plane import GroundPlane, from_pose, stacked

SIZE_PX = (1280, 720)


def pose(tilt_deg=25.0, height_m=6.0, roll_deg=0.0, yaw_deg=0.0, at_m=(0.0, 0.0)):
    """Rotation from world to camera, and the camera's place; with no yaw it looks along y."""
    tilt, roll, yaw = np.radians((tilt_deg, roll_deg, yaw_deg))
    level = np.array(((1, 0, 0), (0, -np.sin(tilt), -np.cos(tilt)), (0, np.cos(tilt), -np.sin(tilt))))
    about_axis = cv2.Rodrigues(np.array((0.0, 0.0, roll)))[0]
    about_up = cv2.Rodrigues(np.array((0.0, 0.0, -yaw)))[0]
    return about_axis @ level @ about_up, np.array((*at_m, height_m))


def camera(focal=0.9, distortion=NO_DISTORTION, variations=(), **where):
    """The true plane; `focal` in picture widths."""
    width, height = SIZE_PX
    plain = Lens.plain(focal * width, width, height)
    lens = Lens(plain.focal_px, plain.centre_px, np.asarray(distortion, float))
    return GroundPlane(width, height, lens, from_pose(*pose(**where)), stacked(variations), "opencv")


def projected(xyz_m, focal=0.9, distortion=NO_DISTORTION, **where):
    """What OpenCV makes of points [n, 3] for the same camera."""
    rotation, centre = pose(**where)
    width, height = SIZE_PX
    matrix = np.array(((focal * width, 0, width / 2), (0, focal * width, height / 2), (0, 0, 1.0)))
    turn, shift = cv2.Rodrigues(rotation)[0], -rotation @ centre
    return cv2.projectPoints(np.asarray(xyz_m, float), turn, shift, matrix, np.asarray(distortion, float))[0][:, 0]


def pixels(n, rng, top=0.4):
    """Pixels [n, 2] spread over the picture below `top`."""
    return rng.uniform((0.05, top), (0.95, 0.97), (n, 2)) * SIZE_PX

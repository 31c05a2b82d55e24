from setuptools import Extension, setup

# Nothing of woox-fast is named here: Cython finds its .pxd where the package is installed.
setup(name="cython-user", version="1", ext_modules=[Extension("cython_user", ["cython_user.pyx"])])
